"""Finds and erases survey answers when Habeas asks for it.

This is an example of a function behind the `lambda` connector of the data map;
docs/lambda-connector.md says what it is asked and what it has to answer.

The answers of all accounts lie in one JSON document per month of `answered_at`,
such as `surveys/2026-03.json`, each a list in no particular order. Whoever writes
a document does so on the condition that it is still what they have read. All
numbers in it are whole, so nothing is lost where one is read and written again.
"""

import functools
import heapq
import json
import operator
import os
import random
import time
from typing import NamedTuple

VERSION = 1
SOURCE = "survey_answers"
KEY = "answer_id"
ACCOUNT = "account_id"
SUBJECT = "user_id"

PREFIX = "surveys/"
SUFFIX = ".json"

# Lambda takes no answer above 6 MB. The rest is for what stands around the records.
PAGE_BYTES_MAX = 5_000_000
# So many other writers may come first, each within a few tens of milliseconds.
TRIES_MAX = 8
PAUSE_SECONDS = 0.05
# Of a thousand versions each. There are few: every call removes what it finds.
VERSION_PAGES_MAX = 100
# What S3 says to the second of two who write on the same condition.
CAME_SECOND = {"PreconditionFailed", "ConditionalRequestConflict"}


def handler(request, _context):
    """What Lambda calls."""
    return respond(_documents(), request)


def respond(documents, request):
    """Does what a request asks for. No error's text holds anything of a person."""
    if request.get("version") != VERSION:
        raise ValueError("this function speaks version 1 and no other")
    if request.get("source") != SOURCE or request.get("field") != SUBJECT:
        raise ValueError("this function keeps survey_answers, found by user_id")
    match request.get("action"):
        case "find":
            return find(documents, request)
        case "erase":
            return erase(documents, request)
    raise ValueError("this function knows the actions find and erase")


def find(documents, request):
    """A page of what somebody answered: behind `after`, in ascending order of the key."""
    account, person = request["account"], request["value"]
    after = request["after"][KEY] if "after" in request else ""
    theirs = (
        answer
        for name in documents.names(request.get("range"))
        for answer in documents.read(name).answers
        if _is_of(answer, account, {person}) and answer[KEY] > after
    )
    # Python compares texts by code points, which is the order that is asked for.
    # One more than fits on the page tells whether it is the last.
    found = heapq.nsmallest(request["limit"] + 1, theirs, key=operator.itemgetter(KEY))
    page = _fitting(found[: request["limit"]])
    return {"records": page, "more": len(page) < len(found)}


def erase(documents, request):
    """Erases answers by their keys, and says of each whether it was still the person's."""
    keys = [key[KEY] for key in request["keys"]]
    change = _change(request)
    is_meant = _is_meant(request["account"], request["value"], keys)
    erased = set()
    for name in documents.names():
        erased |= _erase_in(documents, name, is_meant, change)
    # Also where nothing was erased: an earlier call may have ended before it came here.
    documents.remove_older_versions()
    return {"outcomes": ["erased" if key in erased else "left" for key in keys]}


def _erase_in(documents, name, is_meant, change):
    """Rewrites one document, and gives the keys of what was erased in it.

    Whose the answers are is looked up in the very document that the write
    replaces: the write is refused when another one came in between.
    """
    for attempt in range(TRIES_MAX):
        document = documents.read(name)
        meant = {answer[KEY] for answer in document.answers if is_meant(answer)}
        if not meant:
            return meant
        changed = (change(answer) if is_meant(answer) else answer for answer in document.answers)
        kept = [answer for answer in changed if answer is not None]
        if documents.replace(name, kept, document.etag):
            return meant
        time.sleep(random.uniform(0, PAUSE_SECONDS * 2**attempt))
    raise RuntimeError("others wrote the document each time")


def _is_of(answer, account, people):
    return answer.get(ACCOUNT) == account and answer.get(SUBJECT) in people


def _is_meant(account, people, keys):
    people, keys = set(people), set(keys)
    return lambda answer: answer[KEY] in keys and _is_of(answer, account, people)


def _change(request):
    """What becomes of an answer: nothing, or itself without what names the person."""
    match request["rule"]:
        case "delete":
            return lambda answer: None
        case "mask":
            removed, put = set(request.get("remove", [])), request.get("set", {})
            # A field that an answer does not have is not made up.
            return lambda answer: {
                name: put.get(name, value) for name, value in answer.items() if name not in removed
            }
    raise ValueError("this function knows the rules delete and mask")


def _fitting(records):
    """As many of the first records as an answer has room for, and one at least."""
    room = PAGE_BYTES_MAX
    for count, record in enumerate(records):
        room -= len(json.dumps(record))
        if room < 0 and count > 0:
            return records[:count]
    return records


class Document(NamedTuple):
    """A month's answers, and by what S3 knows that they are still these."""

    answers: list
    etag: str


class Documents:
    """The documents in their bucket."""

    def __init__(self, s3, bucket):
        self._s3 = s3
        self._bucket = bucket

    def names(self, days=None):
        """The documents, or those of the months that a range of days touches."""
        listed = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=PREFIX)
        if listed["IsTruncated"]:
            raise RuntimeError("there are more documents than one list shows")
        names = [entry["Key"] for entry in listed.get("Contents", [])]
        names = [name for name in names if name.endswith(SUFFIX)]
        if days is None:
            return names
        first, last = days["from"][:7], days["to"][:7]
        return [name for name in names if first <= _month(name) <= last]

    def read(self, name):
        """What a document holds now."""
        found = self._s3.get_object(Bucket=self._bucket, Key=name)
        return Document(json.loads(found["Body"].read()), found["ETag"])

    def replace(self, name, answers, etag):
        """Writes a document unless somebody else has since. True where it is written."""
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=json.dumps(answers).encode(),
                ContentType="application/json",
                IfMatch=etag,
            )
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in CAME_SECOND:
                return False
            raise
        return True

    def remove_older_versions(self):
        """Leaves of each document the version that counts.

        The bucket is versioned: what was overwritten is still there, and with it
        what was erased.
        """
        marker = {}
        for _ in range(VERSION_PAGES_MAX):
            listed = self._s3.list_object_versions(Bucket=self._bucket, Prefix=PREFIX, **marker)
            for version in listed.get("Versions", []):
                if not version["IsLatest"]:
                    place = {"Key": version["Key"], "VersionId": version["VersionId"]}
                    self._s3.delete_object(Bucket=self._bucket, **place)
            if not listed["IsTruncated"]:
                return
            marker = {"KeyMarker": listed["NextKeyMarker"], "VersionIdMarker": listed["NextVersionIdMarker"]}
        raise RuntimeError("there are more versions than one call may remove")


def _month(name):
    return name.removeprefix(PREFIX).removesuffix(SUFFIX)


@functools.cache
def _documents():
    # Only Lambda has it at hand: the tests run without.
    import boto3

    return Documents(boto3.client("s3"), os.environ["BUCKET"])
