"""PyInstaller's hook of `import botobs`."""

from PyInstaller.utils.hooks import collect_data_files, collect_entry_point, copy_metadata

from botobs._pyinstaller import GROUPS, instrumentations, watched_distributions

hiddenimports = instrumentations()
datas = collect_data_files("botobs._sdk", excludes=["autostart"])
for _group in GROUPS:
    _datas, _imports = collect_entry_point(_group)
    datas += _datas
    hiddenimports += _imports
for _distribution in watched_distributions():
    datas += copy_metadata(_distribution)
