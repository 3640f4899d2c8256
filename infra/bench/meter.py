"""Writes down the calls that the emulator answers, with what AWS would bill them by.

`cargo xtask bench cost` puts this module into an environment of the emulator that
nothing else uses, and has `install` called whenever its Python starts. A line is a
JSON object: who called, what, how much was read and written, and when.
"""

import contextvars
import importlib.abc
import importlib.machinery
import json
import re
import sys
import threading
import time
from urllib.parse import parse_qs, unquote

# The state machine calls DynamoDB within the emulator, without a request over HTTP.
STATES = "states"
EMULATOR = "ministack.app"

READ_BLOCK_BYTES = 4096
WRITE_BLOCK_BYTES = 1024

_caller = contextvars.ContextVar("caller", default=STATES)
_units = contextvars.ContextVar("units", default=None)
_lock = threading.Lock()


def install(file):
    """Meters the emulator as soon as it is imported, into lines of this file."""
    sys.meta_path.insert(0, _Finder(file))


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, file):
        self.file = file

    def find_spec(self, name, path, target=None):
        if name != EMULATOR:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            _meter(module, self.file)

        spec.loader.exec_module = exec_module
        return spec


def _meter(emulator, file):
    from ministack.services import dynamodb, stepfunctions, sts

    def write(**call):
        line = json.dumps({"ms": int(time.time() * 1000), **call})
        with _lock, open(file, "a", encoding="utf-8") as out:
            out.write(line + "\n")

    _meter_http(emulator, sts, write)
    _meter_dynamodb(dynamodb, write)
    _name_the_state_machine(stepfunctions)
    _tell_what_children_enter(stepfunctions)


def _meter_http(emulator, sts, write):
    answer = emulator.app

    async def app(scope, receive, send):
        if scope["type"] != "http":
            return await answer(scope, receive, send)
        call = _Http(scope, sts)
        reply = {"status": 0, "out": 0}

        async def count(message):
            reply["status"] = message.get("status", reply["status"])
            reply["out"] += len(message.get("body", b""))
            await send(message)

        token = _caller.set(call.caller)
        try:
            await answer(scope, receive, count)
        finally:
            _caller.reset(token)
        # DynamoDB's calls are written where their units are known.
        if call.service and call.service != "dynamodb":
            write(
                by=call.caller,
                service=call.service,
                operation=call.operation,
                on=call.on,
                status=reply["status"],
                out=reply["out"],
            )

    emulator.app = app


class _Http:
    """What a request over HTTP is, by its signature, its path and its headers."""

    def __init__(self, scope, sts):
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True)
        path = unquote(scope["path"])
        signed = re.search(r"Credential=([^,\s]+)", headers.get("authorization", ""))
        scopes = (signed.group(1) if signed else query.get("X-Amz-Credential", [""])[0]).split("/")
        session = sts._sessions.get(scopes[0], {}).get("Arn", "")
        self.caller = session.rsplit("/", 1)[-1] if ":assumed-role/" in session else scopes[0]
        self.service = scopes[3] if len(scopes) > 3 else ""
        self.operation = headers.get("x-amz-target", "").rpartition(".")[2]
        self.on = ""
        if path.startswith("/_aws/execute-api/"):
            self.service, self.operation = "execute-api", scope["method"]
        elif self.service == "s3":
            self.on, _, key = path.lstrip("/").partition("/")
            self.operation = _s3_operation(scope["method"], key, query, headers)
        elif not self.operation:
            self.operation = f"{scope['method']} {path}"


def _s3_operation(method, key, query, headers):
    is_part, is_copy = "partNumber" in query, "x-amz-copy-source" in headers
    if method == "PUT" and key:
        of_part, of_object = ("UploadPartCopy", "CopyObject") if is_copy else ("UploadPart", "PutObject")
        return of_part if is_part else of_object
    if method == "GET" and not key:
        special = {"uploads": "ListMultipartUploads", "versions": "ListObjectVersions"}
        return next((name for parameter, name in special.items() if parameter in query), "ListObjects")
    of_object = {
        "POST": "CreateMultipartUpload" if "uploads" in query else "CompleteMultipartUpload",
        "GET": "ListParts" if "uploadId" in query else "GetObject",
        "HEAD": "HeadObject",
        "DELETE": "AbortMultipartUpload" if "uploadId" in query else "DeleteObject",
    }
    of_bucket = {"HEAD": "HeadBucket", "POST": "DeleteObjects"}
    return (of_object if key else of_bucket).get(method, method)


def _meter_dynamodb(dynamodb, write):
    single = {"_get_item": "GetItem", "_query": "Query", "_scan": "Scan"}
    single |= {"_put_item": "PutItem", "_update_item": "UpdateItem", "_delete_item": "DeleteItem"}
    several = {"_transact_write_items": "TransactWriteItems", "_batch_write_item": "BatchWriteItem"}
    several |= {"_batch_get_item": "BatchGetItem"}

    def metered(name, run):
        def answer(data):
            units = {"read": 0.0, "write": 0.0}
            token = _units.set(units)
            try:
                reply = run({**data, "ReturnConsumedCapacity": "TOTAL"} if name in several.values() else data)
            finally:
                _units.reset(token)
            body = json.loads(reply[2]) if reply[2] else {}
            if reply[0] == 200 and name == "BatchGetItem":
                units["read"] += _batch_read_units(dynamodb, data, body)
            elif reply[0] == 200 and name in several.values():
                units["write"] += sum(table["CapacityUnits"] for table in body.get("ConsumedCapacity", []))
            elif "ConditionalCheckFailed" in body.get("__type", ""):
                units["write"] += _refused_write_units(dynamodb, data)
            call = {"by": _caller.get(), "service": "dynamodb", "operation": name, "on": _table(data)}
            write(**call, status=reply[0], **units)
            return reply

        return answer

    for function, name in (single | several).items():
        setattr(dynamodb, function, metered(name, getattr(dynamodb, function)))
    _meter_units(dynamodb)


def _table(data):
    """Habeas's batches and transactions are about one table each."""
    of_transaction = (write["TableName"] for item in data.get("TransactItems", []) for write in item.values())
    return data.get("TableName") or next(iter(data.get("RequestItems", {})), None) or next(of_transaction, "")


def _meter_units(dynamodb):
    """The emulator computes what a write of one item takes, and does not see the size of reads."""
    consumed = dynamodb._add_consumed_capacity

    def add(result, data, table_name, write=False, old_item=None, new_item=None, index_name=None):
        units = _units.get()
        if units is not None and write:
            told, total = {}, {"ReturnConsumedCapacity": "TOTAL"}
            consumed(told, total, table_name, True, old_item, new_item, index_name)
            units["write"] += told["ConsumedCapacity"]["CapacityUnits"]
        elif units is not None:
            units["read"] += _read_units(dynamodb, result, data)
        consumed(result, data, table_name, write, old_item, new_item, index_name)

    dynamodb._add_consumed_capacity = add


def _read_units(dynamodb, result, data):
    """A page counts as one read of its size, and what a filter drops counts too."""
    items = result.get("Items", [result["Item"]] if "Item" in result else [])
    size = sum(dynamodb._item_size_bytes(item) for item in items)
    if result.get("Count"):
        size = size * result["ScannedCount"] / result["Count"]
    return _blocks(size, READ_BLOCK_BYTES) * (1.0 if data.get("ConsistentRead") else 0.5)


def _batch_read_units(dynamodb, data, body):
    """Every item of a batch counts by itself, and so does one that is not there."""
    units = 0.0
    for table, wanted in data["RequestItems"].items():
        items = body.get("Responses", {}).get(table, [])
        blocks = [_blocks(dynamodb._item_size_bytes(item), READ_BLOCK_BYTES) for item in items]
        missing = len(wanted.get("Keys", [])) - len(items)
        units += (sum(blocks) + missing) * (1.0 if wanted.get("ConsistentRead") else 0.5)
    return units


def _refused_write_units(dynamodb, data):
    """A write whose condition does not hold is billed by the item that is there."""
    table = dynamodb._tables.get(data.get("TableName"))
    item = dynamodb._get_item_by_key(table, data["Key"]) if table and "Key" in data else data.get("Item")
    return _blocks(dynamodb._item_size_bytes(item or {}), WRITE_BLOCK_BYTES)


def _blocks(size, block):
    return max(1, -(-int(size) // block))


def _name_the_state_machine(stepfunctions):
    """An execution runs in the context of the call that started it, and calls in its own name."""
    invoke = stepfunctions._invoke_dynamodb

    def named(operation, data):
        token = _caller.set(STATES)
        try:
            return invoke(operation, data)
        finally:
            _caller.reset(token)

    stepfunctions._invoke_dynamodb = named


def _tell_what_children_enter(stepfunctions):
    """AWS bills the states that a Map's child enters; the emulator leaves them out of the child's history."""
    run = stepfunctions._run_sub_machine

    class Told(dict):
        def __init__(self, states, execution):
            super().__init__(states)
            self.execution = execution

        def get(self, name, default=None):
            state = super().get(name, default)
            if state:
                details = {"stateEnteredEventDetails": {"name": name, "input": "{}"}}
                stepfunctions._add_event(self.execution, f"{state['Type']}StateEntered", details)
            return state

    def told(states, start_at, input_data, execution, ctx):
        return run(Told(states, execution), start_at, input_data, execution, ctx)

    stepfunctions._run_sub_machine = told
