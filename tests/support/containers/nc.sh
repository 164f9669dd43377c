#!/stand-in/busybox sh
# `nc -z HOST PORT`, which Debian's busybox does not have: whether something listens.
exec /stand-in/busybox nc -w 2 "$2" "$3" </dev/null >/dev/null
