"""The survey function on a bucket in memory: `python3 -m unittest` in this folder."""

import io
import json
import unittest
from unittest import mock

import app

BUCKET = "files"


class FakeError(Exception):
    """As boto3 tells of S3's refusals."""

    def __init__(self, code):
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class FakeS3:
    """As much of a versioned bucket as the function uses."""

    class exceptions:
        ClientError = FakeError

    def __init__(self):
        # Key to its versions, oldest first: pairs of an id and the bytes.
        self.versions = {}
        self.count = 0
        self.before_put = []
        self.fault = None

    def load(self, key, answers):
        self._store(key, json.dumps(answers).encode())

    def held(self, key):
        """Every version's answers, oldest first."""
        return [json.loads(body) for _, body in self.versions[key]]

    def list_objects_v2(self, Bucket, Prefix):
        keys = sorted(key for key in self.versions if key.startswith(Prefix))
        return {"IsTruncated": False, "Contents": [{"Key": key} for key in keys]}

    def get_object(self, Bucket, Key):
        version, body = self.versions[Key][-1]
        return {"Body": io.BytesIO(body), "ETag": f'"{version}"'}

    def put_object(self, Bucket, Key, Body, ContentType, IfMatch):
        if self.before_put:
            self.before_put.pop(0)()
        if self.fault:
            raise FakeError(self.fault)
        if IfMatch != f'"{self.versions[Key][-1][0]}"':
            raise FakeError("PreconditionFailed")
        self._store(Key, Body)

    def list_object_versions(self, Bucket, Prefix, KeyMarker="", VersionIdMarker=""):
        # One key a page, so that whoever lists has to go on.
        keys = sorted(key for key in self.versions if key.startswith(Prefix))
        key = next(key for key in keys if key > KeyMarker)
        latest = self.versions[key][-1][0]
        found = [{"Key": key, "VersionId": v, "IsLatest": v == latest} for v, _ in self.versions[key]]
        more = {"NextKeyMarker": key, "NextVersionIdMarker": found[-1]["VersionId"]}
        return {"IsTruncated": key != keys[-1], "Versions": found, **more}

    def delete_object(self, Bucket, Key, VersionId):
        self.versions[Key] = [pair for pair in self.versions[Key] if pair[0] != VersionId]

    def _store(self, key, body):
        self.count += 1
        self.versions.setdefault(key, []).append((f"v{self.count}", body))


def answer(number, day, user="u-17", account="amber", **more):
    return {
        "answer_id": f"A-{number:06}",
        "account_id": account,
        "user_id": user,
        "meeting_id": "m-1",
        "answered_at": f"{day}T10:00:00Z",
        "score": 7,
        "comment": "fine\u2028",
        **more,
    }


class Surveys(unittest.TestCase):
    def setUp(self):
        self.s3 = FakeS3()
        self.s3.load("surveys/2026-02.json", [answer(5, "2026-02-28"), answer(2, "2026-02-03")])
        self.s3.load(
            "surveys/2026-03.json",
            [
                answer(4, "2026-03-02"),
                answer(1, "2026-03-01"),
                answer(3, "2026-03-09"),
                answer(6, "2026-03-09", user="u-170"),
                answer(7, "2026-03-09", account="birch"),
            ],
        )
        sleep = mock.patch("app.time.sleep")
        self.sleep = sleep.start()
        self.addCleanup(sleep.stop)

    def ask(self, action, **fields):
        common = {"version": 1, "action": action, "source": "survey_answers", "account": "amber"}
        return app.respond(app.Documents(self.s3, BUCKET), {**common, "field": "user_id", **fields})

    def find(self, **fields):
        return self.ask("find", **{"value": "u-17", "limit": 500, **fields})

    def erase(self, *numbers, **fields):
        keys = [{"answer_id": f"A-{number:06}"} for number in numbers]
        return self.ask("erase", **{"value": ["u-17"], "rule": "delete", "keys": keys, **fields})["outcomes"]

    def in_march(self):
        return [found["answer_id"] for found in self.s3.held("surveys/2026-03.json")[-1]]


class Finding(Surveys):
    def test_answers_come_in_ascending_order_across_months(self):
        page = self.find()
        ids = [found["answer_id"] for found in page["records"]]
        self.assertEqual(ids, [f"A-{n:06}" for n in range(1, 6)])
        self.assertEqual(page["records"][0], answer(1, "2026-03-01"))
        self.assertFalse(page["more"])

    def test_only_the_persons_answers_in_the_account_are_found(self):
        for found in self.find()["records"]:
            self.assertEqual((found["account_id"], found["user_id"]), ("amber", "u-17"))
        self.assertEqual(len(self.find(account="birch")["records"]), 1)
        self.assertEqual(self.find(value="u-1"), {"records": [], "more": False})

    def test_pages_follow_one_another_without_gap_or_repetition(self):
        found, after, pages = [], {}, 0
        while True:
            page = self.find(limit=2, **after)
            found += [record["answer_id"] for record in page["records"]]
            pages += 1
            if not page["more"]:
                break
            after = {"after": {"answer_id": found[-1]}}
        self.assertEqual((found, pages), ([f"A-{n:06}" for n in range(1, 6)], 3))

    def test_a_full_page_that_is_the_last_says_so(self):
        self.assertFalse(self.find(limit=5)["more"])

    def test_what_comes_in_before_the_position_shifts_nothing(self):
        first = self.find(limit=2)["records"][-1]
        self.s3.load("surveys/2026-01.json", [answer(0, "2026-01-05")])
        second = self.find(limit=2, after={"answer_id": first["answer_id"]})
        self.assertEqual([found["answer_id"] for found in second["records"]], ["A-000003", "A-000004"])

    def test_a_range_reads_the_documents_of_its_months_only(self):
        self.s3.versions["surveys/2026-01.json"] = [("v", b"not to be read")]
        page = self.find(range={"from": "2026-02-10", "to": "2026-02-11"})
        self.assertEqual([found["answer_id"] for found in page["records"]], ["A-000002", "A-000005"])

    def test_a_page_stays_below_what_lambda_takes(self):
        long = [answer(number, "2026-04-01", comment="x" * 2_000_000) for number in (11, 12, 13)]
        self.s3.load("surveys/2026-04.json", long)
        page = self.find(after={"answer_id": "A-000010"})
        self.assertEqual(len(page["records"]), 2)
        self.assertTrue(page["more"])

    def test_a_single_record_is_given_however_large_it_is(self):
        self.s3.load("surveys/2026-04.json", [answer(11, "2026-04-01", comment="x" * app.PAGE_BYTES_MAX)])
        self.assertEqual(len(self.find(after={"answer_id": "A-000010"})["records"]), 1)


class Erasing(Surveys):
    def test_what_is_erased_is_gone_and_nothing_else_is(self):
        self.assertEqual(self.erase(1, 2), ["erased", "erased"])
        self.assertEqual(self.in_march(), ["A-000004", "A-000003", "A-000006", "A-000007"])
        self.assertEqual(self.s3.held("surveys/2026-02.json"), [[answer(5, "2026-02-28")]])

    def test_what_is_not_theirs_is_left(self):
        self.assertEqual(self.erase(6, 7, 99, 3), ["left", "left", "left", "erased"])
        self.assertEqual(self.in_march(), ["A-000004", "A-000001", "A-000006", "A-000007"])

    def test_any_of_the_persons_ids_will_do(self):
        self.assertEqual(self.erase(6, 1, value=["u-17", "u-170"]), ["erased", "erased"])

    def test_erasing_again_leaves(self):
        self.assertEqual(self.erase(1), ["erased"])
        before = self.s3.count
        self.assertEqual(self.erase(1), ["left"])
        self.assertEqual(self.s3.count, before, "nothing was written")

    def test_a_masked_answer_no_longer_names_the_person(self):
        self.assertEqual(self.erase(1, rule="mask", remove=["user_id"]), ["erased"])
        [masked] = [a for a in self.s3.held("surveys/2026-03.json")[-1] if a["answer_id"] == "A-000001"]
        wanted = answer(1, "2026-03-01")
        del wanted["user_id"]
        self.assertEqual(masked, wanted)
        self.assertEqual(self.erase(1, rule="mask", remove=["user_id"]), ["left"])
        self.assertEqual(len(self.find()["records"]), 4)

    def test_a_masked_answer_has_what_is_set_where_it_had_something(self):
        put = {"user_id": "deleted", "comment": None, "device": "none"}
        self.assertEqual(self.erase(1, rule="mask", set=put), ["erased"])
        wanted = answer(1, "2026-03-01", user="deleted", comment=None)
        self.assertIn(wanted, self.s3.held("surveys/2026-03.json")[-1])
        self.assertNotIn("device", wanted)
        self.assertEqual(self.erase(1, rule="mask", set=put), ["left"])

    def test_what_is_removed_and_what_is_set_go_together(self):
        fields = {"rule": "mask", "remove": ["user_id"], "set": {"comment": "gone"}}
        self.assertEqual(self.erase(1, 6, **fields), ["erased", "left"])
        wanted = answer(1, "2026-03-01", comment="gone")
        del wanted["user_id"]
        march = self.s3.held("surveys/2026-03.json")[-1]
        self.assertIn(wanted, march)
        self.assertIn(answer(6, "2026-03-09", user="u-170"), march)

    def test_no_older_version_holds_what_was_erased(self):
        self.erase(1)
        self.assertEqual([len(versions) for versions in self.s3.versions.values()], [1, 1])

    def test_a_call_that_was_cut_short_is_made_good_by_the_next(self):
        with mock.patch.object(app.Documents, "remove_older_versions", side_effect=TimeoutError):
            self.assertRaises(TimeoutError, self.erase, 1)
        self.assertEqual(len(self.s3.versions["surveys/2026-03.json"]), 2)
        self.assertEqual(self.erase(1), ["left"])
        self.assertEqual(len(self.s3.versions["surveys/2026-03.json"]), 1)

    def test_what_another_writes_meanwhile_is_kept(self):
        new = answer(8, "2026-03-20", user="u-2")
        march = self.s3.held("surveys/2026-03.json")[-1]
        self.s3.before_put = [lambda: self.s3.load("surveys/2026-03.json", [*march, new])]
        self.assertEqual(self.erase(1), ["erased"])
        self.assertEqual(self.in_march()[-1], "A-000008")
        self.assertNotIn("A-000001", self.in_march())

    def test_an_answer_that_becomes_somebody_elses_meanwhile_is_left(self):
        march = self.s3.held("surveys/2026-03.json")[-1]
        march[1] = answer(1, "2026-03-01", user="u-2")
        self.s3.before_put = [lambda: self.s3.load("surveys/2026-03.json", march)]
        self.assertEqual(self.erase(1), ["left"])
        self.assertIn("A-000001", self.in_march())

    def test_whoever_always_comes_second_gives_up(self):
        march = self.s3.held("surveys/2026-03.json")[-1]
        self.s3.before_put = [lambda: self.s3.load("surveys/2026-03.json", march)] * app.TRIES_MAX
        self.assertRaises(RuntimeError, self.erase, 1)
        self.assertIn("A-000001", self.in_march())

    def test_a_refusal_of_another_kind_is_not_tried_again(self):
        self.s3.fault = "AccessDenied"
        self.assertRaises(FakeError, self.erase, 1)
        self.sleep.assert_not_called()


class Refusing(Surveys):
    def test_what_it_does_not_know_it_refuses(self):
        for fields in [{"version": 2}, {"source": "users"}, {"field": "account_id"}]:
            self.assertRaises(ValueError, self.find, **fields)
        self.assertRaises(ValueError, self.ask, "forget")
        self.assertRaises(ValueError, self.erase, 1, rule="shred")

    def test_no_error_says_whom_it_was_about(self):
        with self.assertRaises(ValueError) as refused:
            self.find(version=2)
        self.assertNotIn("u-17", str(refused.exception))


if __name__ == "__main__":
    unittest.main()
