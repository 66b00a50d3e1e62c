"""Tasks, case by case: when due, when done, by whom, and whose they were."""

from tests.journey.cases import Case, Json, at, each, events, none_of, t, task, text

_DUE = ("task_due", "task_in_time", "overdue_task")


def created(due: float | None = None, manager: str = "m1", seconds: float = 0) -> Json:
    return at(seconds, "task.created", manager, due_at="" if due is None else text(due))


def done(seconds: float, manager: str = "m1", **fields: str) -> Json:
    return at(seconds, "task.done", manager, **fields)


def moved(seconds: float, manager: str = "", due: float | None = None) -> Json:
    return at(seconds, "task.changed", manager, due_at="" if due is None else text(due))


CASES = [
    Case(
        "done before it was due, it is judged when done",
        task(created(3600), done(1800)),
        {
            "task_done": [each("m1", 1800)], "task_due": [each("m1", 1800)],
            "task_in_time": [each("m1", 1800)], "overdue_task": [],
        },
        {
            "tasks": {
                ("crm", "t1"): {
                    "manager": "m1", "group": "sales", "created_at": t(0), "due_at": t(3600),
                    "done_at": t(1800),
                }
            }
        },
    ),
    Case(
        "done late, it is judged when it was due",
        task(created(600), done(1200)),
        {
            "task_done": [each("m1", 1200)], "task_due": [each("m1", 600)],
            **none_of("task_in_time", "overdue_task"),
        },
    ),
    Case(
        "moved after it was due, and done the moment it is due now",
        task(created(600), moved(1000, due=3600), done(3600)),
        {
            "task_done": [each("m1", 3600)], "task_due": [each("m1", 3600)],
            "task_in_time": [each("m1", 3600)], "overdue_task": [],
        },
    ),
    Case(
        "given to another and not done, it is overdue with him",
        task(created(600), moved(300, "m3")),
        {
            "task_due": [each("m3", 600)], "overdue_task": [each("m3", 600, 0)],
            **none_of("task_done", "task_in_time"),
        },
    ),
    Case(
        "without a day to be done by, it is only done",
        task(created(), done(60)),
        {"task_done": [each("m1", 60)], **none_of(*_DUE)},
    ),
    Case(
        "done by a colleague it is his, by a robot nobody's; the group is the responsible's",
        [
            *task(created(), done(60, actor="m3")),
            *events(done(90, actor="system", task_id="t2", event_id="other")),
        ],
        {"task_done": [each("m3", 60, group="sales"), each("", 90, group="sales")]},
    ),
    Case(
        "done twice, the first counts",
        task(created(600), done(300), done(900, "m3")),
        {"task_done": [each("m1", 300)]},
        {"tasks": {("crm", "t1"): {"done_at": t(300), "manager": "m3"}}},
    ),
    Case(
        "given away after it was done in time, it stays with who did it",
        task(created(600), done(300), moved(400, "m3"), moved(500, due=900)),
        {
            "task_done": [each("m1", 300)], "task_due": [each("m1", 300)],
            "task_in_time": [each("m1", 300)], "overdue_task": [],
        },
        {"tasks": {("crm", "t1"): {"manager": "m3", "done_at": t(300), "due_at": t(900)}}},
    ),
    Case(
        "done late by another, it was let go by who had it when it was due",
        task(created(600), moved(700, "m3"), done(900, "m3")),
        {
            "task_done": [each("m3", 900)], "task_due": [each("m1", 600)],
            **none_of("task_in_time", "overdue_task"),
        },
    ),
    Case(
        "given away when it was overdue, it is overdue with the other, and was let go by the first",
        task(created(600), moved(700, "m3")),
        {"task_due": [each("m1", 600)], "overdue_task": [each("m3", 600, 0)]},
        {"tasks": {("crm", "t1"): {"owners": [[t(0), "m1", "sales"], [t(700), "m3", "support"]]}}},
    ),
    Case(
        "put off day by day it is each time; sooner, done already or by a robot it is nobody's",
        task(
            created(600), moved(100, due=900), moved(200, "m3", due=1200), moved(300, due=1100),
            moved(400, due=1300) | {"actor": "system"}, moved(500, due=1400) | {"actor": "m2"},
            done(1000), moved(1100, due=2000),
        ),
        {
            "task_put_off": [
                each("m1", 100), each("m3", 200), each("", 400, group="support"),
                each("m2", 500, group="support"),
            ]
        },
    ),
    Case(
        "a removed task never was",
        task(created(600), done(300), at(30, "task.removed")),
        {**none_of("task_done", *_DUE), "crm_action": [each("m1", 0), each("m1", 300)]},
        {"tasks": {}},
    ),
]  # fmt: skip
