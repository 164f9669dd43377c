"""A backup in a bucket of S3: the files of the folder that `take` makes, each an object, its manifest the last.

Where the server is, and who asks, are boto3's own settings: `AWS_ENDPOINT_URL_S3`, `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_CA_BUNDLE`, or a profile
(https://boto3.amazonaws.com/v1/documentation/api/latest/guide/configuration.html).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import StackError
from ..home.private import make_folder
from . import _manifest

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([^\0]*))?")
#: Files at once.
_AT_ONCE = 8
_WHERE = "AWS_ENDPOINT_URL_S3 says where the server is, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY who asks."


@dataclass(frozen=True)
class Place:
    """Where in which bucket.

    Attributes:
        bucket: Its name.
        prefix: What the keys of all objects begin with, without a slash at its end.
    """

    bucket: str
    prefix: str

    @classmethod
    def of(cls, text: str) -> Place | None:
        """The place that an address names; None of what is no such address.

        Raises:
            StackError: It begins like one, and names no bucket or no place in it.
        """
        if not text.startswith("s3:"):
            return None
        found = _ADDRESS.fullmatch(text)
        prefix = (found[2] or "").strip("/") if found else ""
        if found is None or not prefix or {"", ".", ".."} & set(prefix.split("/")):
            raise StackError(
                f"{text} is no place for a backup", "Write s3://BUCKET/NAME, such as s3://backups/monday."
            )
        return cls(found[1], prefix)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    def key(self, path: str) -> str:
        """The key of a file of the backup."""
        return f"{self.prefix}/{path}"


def refuse_taken(place: Place) -> None:
    """See that the bucket can be asked, and that no backup is in this place.

    Raises:
        StackError: It cannot, or one is.
    """
    with _client(place) as client:
        found = client.list_objects_v2(Bucket=place.bucket, Prefix=place.key(""), MaxKeys=1)
    if found.get("KeyCount"):
        raise StackError(f"something is in {place} already", "Name a place that is empty.")


def upload(folder: Path, place: Place) -> None:
    """Put a backup into a bucket; without its manifest, which comes last, it is none.

    Args:
        folder: The backup.
        place: Where to.

    Raises:
        StackError: The bucket does not take it.
    """
    paths = list(_manifest.read(folder).digests)
    with _client(place) as client:

        def put(path: str) -> None:
            client.upload_file(str(folder / path), place.bucket, place.key(path))

        _each(put, paths)
        put(_manifest.NAME)


def download(place: Place, folder: Path) -> None:
    """Fetch a backup; what has changed in the bucket is found by whoever reads the folder.

    Args:
        place: Where it is.
        folder: Where to; it must not be there yet.

    Raises:
        StackError: There is none, or it cannot be fetched.
    """
    make_folder(folder)
    with _client(place) as client:

        def get(path: str) -> None:
            target = folder / path
            if not target.resolve().is_relative_to(folder.resolve()):
                raise StackError(f"the backup {place} names a file outside of it: {path}")
            make_folder(target.parent)
            client.download_file(place.bucket, place.key(path), str(target))
            target.chmod(0o600)

        get(_manifest.NAME)
        _each(get, _manifest.read(folder).digests)


def _each(do: Callable[[str], None], paths: Iterable[str]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(do, paths):
            pass


@contextmanager
def _client(place: Place) -> Iterator[Any]:
    """A client of the server, whose errors are sentences.

    Raises:
        StackError: Something is wrong with what the block asks of it.
    """
    import boto3
    from boto3.exceptions import Boto3Error
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, FlexibleChecksumError

    retries = {"mode": "standard", "total_max_attempts": 3}
    config = Config(connect_timeout=5, read_timeout=60, retries=retries, max_pool_connections=2 * _AT_ONCE)
    try:
        client = boto3.Session().client("s3", config=config)
    except (BotoCoreError, ValueError) as error:
        raise StackError(f"S3 cannot be asked: {error}", _WHERE) from None
    try:
        yield client
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey"):
            raise StackError(
                f"{place} is no backup: it lacks a file", "Make one with botobs backup."
            ) from None
        raise StackError(f"{place} cannot be used: {error}", _WHERE) from None
    except FlexibleChecksumError:
        raise StackError(
            f"the backup {place} is not whole: a file has changed", "Take another one."
        ) from None
    except (BotoCoreError, Boto3Error) as error:
        raise StackError(f"{place} cannot be used: {error}", _WHERE) from None
    finally:
        client.close()
