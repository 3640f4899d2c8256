"""What `infra/openapi.json` cannot say of a call, for the calls that schemathesis makes up.

Without this, nearly every call would be turned away at the door: for a person
whom nobody knows, a range that ends before it starts, a query beside a body of
JSON, or a change of settings that are no longer so. A part of a call that fits
the document is replaced by another that fits; a part that is made up to be wrong
stays as wrong as it was, and gets the right company, so that it is refused for
what it is and not for something else.

`cargo xtask test api` sets the environment that this reads. schemathesis loads
this several times over, so to replace a part twice is to replace it once.
"""

import os
import re
import zlib

import schemathesis
from schemathesis.core.parameters import ParameterLocation

PEOPLE = os.environ["HABEAS_API_PEOPLE"].split(",")
"""Members of the caller's account, so that there is somebody to file for."""

FINISHED = os.environ["HABEAS_API_FINISHED"]
"""The id of an export that can be downloaded, so that there is something to download."""

TERMS = os.environ["HABEAS_API_TERMS"]
"""The version of the terms of AI training that holds, so that consent can be given."""

CLASSES = os.environ["HABEAS_API_CLASSES"].split(",")
"""The classes of content that consent can be given for."""

SWITCHES = {
    "changeAccountSettings": ["personalized_account_experiences", "self_service_requests"],
    "changeOwnSettings": ["ai_training_opt_out", "optional_diagnostic_data", "personalized_experiences"],
}
"""Settings to switch, for changes that switch nothing."""

GATES = {"optional_diagnostic_data", "personalized_user_experiences"}
"""Settings of the account without which people cannot change their own."""

ABSENT = {"data_residency"}
"""Settings of the account that the caller does not have: they are for owners in the EEA."""

VERSIONS = {}
"""The tag of the settings under each path, as it was shown last."""

FIRST_VERSION = '"0"'
"""The tag of settings that nobody has changed."""

JSON_PAGE_MAX = 100
"""A page of JSON holds fewer items than a table, and the document has one limit for both."""

ADDRESS = re.compile(r"[^@\s]{1,64}@[a-z0-9.-]{1,180}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TRUTH = re.compile(r"(?i)true|false")
DIGEST = re.compile(r"[0-9A-Fa-f]{64}")

FORMS = {"confirm": TRUTH, "preview_digest": DIGEST}
"""Of query parameters of an upload; the others that come and go with its kind are days."""

PREVIEWED_MAX = 2
"""Each person is looked for in every source while the call waits."""


@schemathesis.deserializer("text/csv", "application/x-pem-file")
def text(_context, response):
    """A table is checked as the text that it is, and so is a key."""
    return response.content.decode()


@schemathesis.hook("map_case").apply_to(operation_id="fileRequest")
def keep_query_and_body_apart(_context, case):
    """With JSON there is no query; with a table, the query says everything else."""
    if fits(case, ParameterLocation.BODY) and not fits(case, ParameterLocation.QUERY):
        case.media_type, case.body = "text/csv", ""
    if case.media_type == "text/csv":
        case.query = upload_query(case.query)
        case.body = upload(case.body, case.query) if fits(case, ParameterLocation.BODY) else case.body
    elif fits(case, ParameterLocation.QUERY):
        case.query = {}
        case.body = order(case.body) if isinstance(case.body, dict) else case.body
    if fits(case, ParameterLocation.HEADER) and case.headers.get("Idempotency-Key"):
        case.headers["Idempotency-Key"] = key(case.headers["Idempotency-Key"], (case.query, case.body))
    return case


@schemathesis.hook("before_add_examples").apply_to(operation_id="fileRequest")
def examples_too(context, examples):
    """The document's own examples are not mapped like other cases."""
    examples[:] = [keep_query_and_body_apart(context, case) for case in examples]


@schemathesis.hook("map_case").apply_to(operation_id="previewDeletion")
def preview_people_who_are_there(_context, case):
    """A few people of whom something could be held."""
    if fits(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body = order(case.body)
        case.body["subjects"] = case.body["subjects"][:PREVIEWED_MAX]
    return case


@schemathesis.hook("before_add_examples").apply_to(operation_id="previewDeletion")
def previewed_examples_too(context, examples):
    examples[:] = [preview_people_who_are_there(context, case) for case in examples]


@schemathesis.hook("map_case").apply_to(operation_id=["listRequests", "listLedger"])
def ask_for_tables_too(_context, case):
    """Every second list is a table, and so is every long one."""
    if fits(case, ParameterLocation.QUERY):
        case.query = in_order(case.query)
    limit = str(case.query.get("limit", ""))
    is_long = limit.isdecimal() and int(limit) > JSON_PAGE_MAX
    if is_long or dice(case.query, 2) == 0:
        case.headers["Accept"] = "text/csv"
    return case


@schemathesis.hook("map_case").apply_to(operation_id=["getRequest", "mintLink", "getReceipt"])
def look_at_what_is_there(_context, case):
    """Every second id is one that exists."""
    if fits(case, ParameterLocation.PATH) and dice(case.path_parameters, 2) == 0:
        case.path_parameters = {"id": FINISHED}
    return case


@schemathesis.hook("map_case").apply_to(operation_id="placeHold")
def hold_what_is_there(_context, case):
    """A hold on records is on a source of the data map; now and then on one that was made up."""
    if fits(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        if case.body.get("on") == "records" and dice(case.body, 4) > 0:
            case.body = {**case.body, "source": "chat_messages", "field": "channel_id"}
    return case


@schemathesis.hook("map_case").apply_to(operation_id=list(SWITCHES))
def switch_something(context, case):
    """A change that would change nothing switches something on or off."""
    if fits(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body = switch(case.body, SWITCHES[context.operation.definition.raw["operationId"]])
    return case


@schemathesis.hook("map_case").apply_to(operation_id="changeAccountSettings")
def let_people_choose(_context, case):
    """What people cannot do without stays on, and what is absent goes, unless a change is only that."""
    if fits(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body = {**case.body, "settings": choices(case.body["settings"])}
    return case


@schemathesis.hook("after_call").apply_to(path=["/v1/settings/account", "/v1/settings/me"])
def remember_version(_context, case, response):
    """Whatever shows settings shows their version."""
    for tag in response.headers.get("etag", []):
        VERSIONS[case.path] = tag


@schemathesis.hook("before_call").apply_to(operation_id=list(SWITCHES))
def change_what_is_there(_context, case, _kwargs):
    """Every eighth change keeps the version that was made up, as if others had been faster."""
    if not fits(case, ParameterLocation.HEADER):
        return
    if not fits(case, ParameterLocation.BODY) or dice(case.body, 8) > 0:
        case.headers["If-Match"] = VERSIONS.get(case.path, FIRST_VERSION)


def fits(case, location):
    """Whether this part of the call is as the document wants it."""
    part = case.meta.components.get(location) if case.meta else None
    return part is None or part.mode.is_positive


def order(body):
    """The same order, about people who are there. Now and then it names a preview, which is of nothing."""
    body = dict(body)
    if is_digest(body.get("preview_digest")) and dice(body, 4) > 0:
        del body["preview_digest"]
    if isinstance(body.get("subjects"), list):
        body["subjects"] = [
            somebody((body, number)) if is_address(subject) else subject
            for number, subject in enumerate(body["subjects"])
        ]
    if isinstance(body.get("date_range"), dict):
        body["date_range"] = in_order(body["date_range"])
    return body


def upload(text, query):
    """A list of people; now and then the text as it is, which names nobody."""
    if text and dice(text, 4) == 0:
        return text
    return "\r\n".join(["email", somebody((text, query)), somebody((query, text))])


def upload_query(query):
    """The same query, as an upload of its kind has it. What is wrong stays in it."""
    query = {"kind": "export", **query}
    if query["kind"] == "delete":
        unwanted = {"from", "to"}
        if fits_name("confirm", query.get("confirm", True)):
            query["confirm"] = "true"
    else:
        unwanted = {"confirm"} if {"from", "to"} <= query.keys() else {"confirm", "from", "to"}
    if query["kind"] == "export" or dice(query, 4) > 0:
        unwanted = unwanted | {"preview_digest"}
    return in_order({
        name: value
        for name, value in query.items()
        if name not in unwanted or not fits_name(name, value)
    })


def fits_name(name, value):
    """Whether the value of this query parameter is of the right form."""
    return FORMS.get(name, DAY).fullmatch(str(value)) is not None


def in_order(days):
    """The same, with the earlier day first."""
    days = dict(days)
    if isinstance(days.get("from"), str) and isinstance(days.get("to"), str):
        days["from"], days["to"] = sorted([days["from"], days["to"]])
    return days


def switch(body, names):
    """The same change, with one of these settings where it has none with a value."""
    settings = body["settings"]
    if any(isinstance(patch, dict) and patch.get("value") is not None for patch in settings.values()):
        return body
    return {**body, "settings": {**settings, names[dice(body, len(names))]: {"value": dice(body, 2) == 0}}}


def choices(settings):
    """The same settings of the account, with consent to what is there."""
    if settings.keys() - ABSENT:
        settings = {name: patch for name, patch in settings.items() if name not in ABSENT}
    settings = dict(settings)
    if len(settings) > 1:
        settings.update({name: {"value": True} for name in GATES & settings.keys()})
    if isinstance(settings.get("ai_training"), dict):
        settings["ai_training"] = consent(settings["ai_training"])
    return settings


def consent(training):
    """The same consent, for classes that exist; now and then to other terms, or to none."""
    training = dict(training)
    if isinstance(training.get("value"), dict):
        training["value"] = {content_class(name): on for name, on in training["value"].items()}
    if dice(training, 6) > 0:
        training["terms_version"] = TERMS
    return training


def content_class(name):
    return name if name in CLASSES else CLASSES[dice(name, len(CLASSES))]


def key(text, wanted):
    """A key of the same length for this order alone: another order with it would be refused."""
    return f"{zlib.crc32(repr(wanted).encode()):08x}{text}"[: len(text)]


def is_address(value):
    return isinstance(value, str) and ADDRESS.fullmatch(value) is not None


def is_digest(value):
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None


def somebody(value):
    """The same person for the same value."""
    return PEOPLE[dice(value, len(PEOPLE))]


def dice(value, sides):
    """Falls the same way for the same value, so that a failure can be repeated."""
    return zlib.crc32(repr(value).encode()) % sides
