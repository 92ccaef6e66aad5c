"""A judge whose programs run on the machines of a Ray cluster (`sandbox.executor: ray`).

Every machine needs this project, its toolchains and a working sandbox of its own: each Ray worker
judges by a local `Judge`, isolated like any other. Only submissions and verdicts travel; a
comparison is made where its program ran, outside the cell. Ray is an extra: `pip install -c
constraints.txt -e '.[ray]'`.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from typing import Any

from oorl.errors import InfraError, OORLError, ParamsError
from oorl.params.sandbox import SandboxParams
from oorl.records import AnySubmission, Json, Status, Submission, Verdict
from oorl.sandbox.elsewhere import NO_RESULTS, Fault, check, error_of, fault
from oorl.sandbox.judge import Judge

TRIES = 3
"""Workers that may be lost under one program before it is given up as `INFRA_ERROR`."""
AHEAD = 2
"""Programs sent to a worker at a time: the next one waits there while one is judged."""
Queues = dict[tuple[str, int], "deque[tuple[Any, int]]"]
"""What was sent and is not back: by (node, number of the worker) (Ray's reference, index)."""


class Seat:
    """One worker process on one machine: a `Judge` of one program at a time."""

    def __init__(self, params: SandboxParams, use_warm: bool) -> None:
        self.judge = Judge(params.model_copy(update={"executor": "local", "workers": 1}),
                           use_warm=use_warm)

    def fault(self, languages: Sequence[str]) -> Fault | None:
        """What keeps this machine from judging these languages."""
        try:
            check(languages)
            self.judge.judge([])
        except OORLError as error:
            return fault(error)
        return None

    def run(self, submission: AnySubmission) -> Verdict:
        """The verdict of one program."""
        return self.judge.judge([submission])[0]

    def facts(self) -> tuple[bool, dict[str, str], list[int]]:
        """Control groups in use, warm parents that failed, process ids of the sandbox's worker."""
        return self.judge.control_groups(), self.judge.cold_parents(), self.judge.worker_pids()


class RayJudge(Judge):
    """A `Judge` on all machines of a Ray cluster, `params.workers` programs at a time on each.

    `params.ray_address` is the cluster's; empty, Ray looks for RAY_ADDRESS or a cluster of this
    machine and else starts one. Verdicts stream as they finish. When a worker or a machine dies
    its programs are judged elsewhere; one that has lost `TRIES` workers gets `INFRA_ERROR`, as do
    all that are left when no machine is. Machines that joined take part from the next batch on.

    Raises `InfraError` without Ray or a cluster, and what `Judge` raises if a machine has no
    sandbox or lacks a language: it is named, never left out in silence.
    """

    def __init__(self, params: SandboxParams, *, use_warm: bool = True, cache_size: int = 0
                 ) -> None:
        super().__init__(params, use_warm=use_warm, cache_size=cache_size)
        self._ray: Any = None
        self._ours = False
        self._seats: dict[str, list[Any]] = {}

    def results(self, submissions: Sequence[Submission]) -> list[list[Json] | str]:
        """Raises `ParamsError`: only verdicts come back from there."""
        raise ParamsError(*NO_RESULTS)

    def control_groups(self) -> bool:
        """Do all machines use control groups?"""
        return all(seat[0] for seat in self._facts())

    def cold_parents(self) -> dict[str, str]:
        """Warm parents that failed on any machine, and why."""
        return {name: why for _, cold, _ in self._facts() for name, why in cold.items()}

    def worker_pids(self) -> list[int]:
        """The sandbox's worker processes, numbered as on their machines."""
        return [pid for _, _, pids in self._facts() for pid in pids] if self._seats else []

    def close(self) -> None:
        """End the workers, and the cluster if it was started here."""
        for seat in (seat for seats in self._seats.values() for seat in seats):
            self._ray.kill(seat)
        self._seats.clear()
        if self._ours and self._ray is not None:
            self._ray.shutdown()
        self._ray, self._ours = None, False

    def _facts(self) -> list[tuple[bool, dict[str, str], list[int]]]:
        self._start()
        return self._ray.get([seat.facts.remote() for seats in self._seats.values()
                              for seat in seats])

    def _start(self) -> None:
        """Connect, and give every machine its workers."""
        if self._ray is None:
            self._ray, self._ours = connect(self.params.ray_address)
        alive = self._alive()
        for gone in self._seats.keys() - alive:
            del self._seats[gone]
        for node in sorted(alive - self._seats.keys()):
            self._seats[node] = [self._new_seat(node) for _ in range(self.params.workers)]

    def _new_seat(self, node: str) -> Any:
        pinned = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            node, soft=False)
        # No CPUs are asked for: a cluster that trains has given them all away.
        seat = self._ray.remote(num_cpus=0, scheduling_strategy=pinned)(Seat)
        return seat.remote(self.params, self.use_warm)

    def _check(self, languages: Sequence[str]) -> None:
        self._start()
        asked = {node: seats[0].fault.remote(languages) for node, seats in self._seats.items()}
        for node, answer in asked.items():
            try:
                found = self._ray.get(answer)
            except self._ray.exceptions.RayActorError:
                found = self._second_try(node, languages)
            if found is not None:
                address = next((n["NodeManagerAddress"] for n in self._ray.nodes()
                                if n["NodeID"] == node), node)
                kind, problem, remedy = found
                raise error_of((kind, f"Ray node {address}: {problem}", remedy))

    def _second_try(self, node: str, languages: Sequence[str]) -> Fault | None:
        """What a new worker says where one was dead since the last batch."""
        if node not in self._alive():
            return None
        self._seats[node] = [self._new_seat(node) for _ in range(self.params.workers)]
        try:
            return self._ray.get(self._seats[node][0].fault.remote(languages))
        except self._ray.exceptions.RayActorError as error:
            if node not in self._alive():
                return None
            why = str(error).strip().splitlines()[-1]
            return "InfraError", f"no worker starts there: {why}", (
                "Install the same version of oorl on every machine of the cluster.")

    def _alive(self) -> set[str]:
        return {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}

    def _run(self, indices: list[int], submissions: Sequence[AnySubmission]
             ) -> Iterator[tuple[int, Verdict]]:
        """Keep `AHEAD` programs at every worker; yields as verdicts arrive."""
        todo, tries, left = deque(indices), Counter[int](), len(indices)
        queues: Queues = {(node, number): deque() for node, seats in self._seats.items()
                          for number in range(len(seats))}
        try:
            while left:
                self._fill(todo, submissions, queues)
                sent = {answer: place for place, queue in queues.items() for answer, _ in queue}
                if not sent:
                    lost = Verdict(Status.INFRA_ERROR, detail="no machine of the cluster is left")
                    yield from ((index, lost) for index in todo)
                    return
                (ready,), _ = self._ray.wait(list(sent), num_returns=1)
                for index, verdict in self._collect(ready, sent[ready], queues):
                    if verdict is None:  # it waited behind the one its worker was lost under
                        todo.append(index)
                        continue
                    tries[index] += 1
                    if verdict.status is Status.INFRA_ERROR and tries[index] < TRIES:
                        todo.append(index)
                        continue
                    left -= 1
                    yield index, verdict
        except BaseException:
            # Interrupted or abandoned: a worker in the middle of a program must not answer late.
            self.close()
            raise

    def _fill(self, todo: deque[int], submissions: Sequence[AnySubmission], queues: Queues) -> None:
        """Send programs, the emptiest worker first."""
        while todo and (free := [place for place, queue in queues.items() if len(queue) < AHEAD]):
            node, number = place = min(free, key=lambda place: len(queues[place]))
            index = todo.popleft()
            answer = self._seats[node][number].run.remote(submissions[index])
            queues[place].append((answer, index))

    def _collect(self, ready: Any, place: tuple[str, int], queues: Queues
                 ) -> list[tuple[int, Verdict | None]]:
        """The verdict that is ready. If there is none since its worker died, all that was sent to
        that worker, which judges in order: the first without a verdict was being judged."""
        queue = queues[place]
        try:
            verdict = self._ray.get(ready)
        except self._ray.exceptions.RayActorError:
            self._bury(place, queues)
        else:
            index = next(index for answer, index in queue if answer == ready)
            queue.remove((ready, index))
            return [(index, verdict)]
        found: list[tuple[int, Verdict | None]] = []
        lost: Verdict | None = Verdict(Status.INFRA_ERROR, detail=f"{TRIES} workers were lost")
        for answer, index in queue:
            try:
                found.append((index, self._ray.get(answer)))
            except self._ray.exceptions.RayActorError:
                found.append((index, lost))
                lost = None
        return found

    def _bury(self, place: tuple[str, int], queues: Queues) -> None:
        """A new worker in a dead one's place; none if the machine is gone with it."""
        node, number = place
        if node in self._alive():
            self._seats[node][number] = self._new_seat(node)
            queues[place] = deque()
        else:
            del queues[place]


def connect(address: str) -> tuple[Any, bool]:
    """Ray, connected, and whether that was done here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise InfraError("sandbox.executor is ray, but Ray is not installed.",
                         "pip install -c constraints.txt -e '.[ray]'") from None
    import ray.util.scheduling_strategies

    if ray.is_initialized():
        return ray, False
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    try:
        ray.init(address=address or "auto", **quiet)
    except (ConnectionError, ValueError, RuntimeError) as error:
        if address or "RAY_ADDRESS" in os.environ:
            raise InfraError(
                f"no Ray cluster at {address or os.environ['RAY_ADDRESS']}: {error}",
                "Set sandbox.ray_address to the head's host:6379 (`ray status`), or start one: "
                "`ray start --head --disable-usage-stats`.") from None
        ray.init(address="local", include_dashboard=False, **quiet)
    return ray, True
