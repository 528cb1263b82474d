"""Rank zero of a distributed run: makes one record of what all ranks have seen."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic, sleep

from torch import nn

from expert.adapters.live.agreement import Disagreement, ranks_named
from expert.adapters.live.telemetry import Telemetry
from expert.adapters.torch.looks import Looker, Measured
from expert.adapters.torch.ranks.joint_looks import JointLooks, Shard, Waiting
from expert.adapters.torch.ranks.joint_losses import JointLosses
from expert.adapters.torch.ranks.mailbox import Mailbox
from expert.adapters.torch.ranks.peers import HELLO, Peer
from expert.adapters.torch.ranks.ranks import LOSS, Ranks
from expert.adapters.torch.ranks.reports import Look, Report, decode
from expert.adapters.torch.recording import LookRecorder
from expert.history import History

FAREWELL = 3.0
"""Seconds rank zero waits on closing for the last reports of the others."""
IN_HASTE = 1.0
CAUGHT_UP = 1.0
"""Seconds rank zero waits for what the others have not told yet where its record is to be kept in a checkpoint."""
TOLD_OF_OTHERS = {"nonfinite_loss", "nonfinite_gradient_before_update", "crash", "stopped"}
"""Events of other ranks that are told where rank zero met with none of their kind before."""


class Joining(Ranks):
    """Takes the reports of the others from its mailbox and joins them with what it sees itself."""

    def __init__(self, telemetry: Telemetry, mailbox: Mailbox, model: nn.Module, wrappers: set[str]) -> None:
        super().__init__(telemetry, mailbox, model, wrappers)
        self._began = self._asked_at = monotonic()
        self._peers = [Peer(rank, self._began) for rank in range(1, self.size)]
        self._losses = JointLosses(telemetry, self.size, LOSS)
        self.losses = self._losses.own
        self._looks = JointLooks(telemetry, self.size)
        self._told_counts = self._closed = False
        self._patience = CAUGHT_UP

    def tick(self, updates: int, *, wait: float = 0.0) -> None:
        """Join what has arrived."""
        self.updates = updates
        self.mailbox.exchange(wait)
        self._take()
        self._join()

    def epoch(self, updates: int) -> None:
        """An epoch has ended after so many steps."""
        self._losses.epoch(updates)
        super().epoch(updates)

    def catch_up(self, updates: int) -> None:
        """Join all up to this step, as soon as the others have told it.

        Where a checkpoint is made on rank zero alone, the others may have gone on to where they need rank zero, and
        tell nothing: less is waited where it was in vain the last time.
        """
        until = monotonic() + self._patience
        self.tick(updates, wait=0.05)
        while self._lacks_reports() and (left := until - monotonic()) > 0.0:
            sleep(0.01)
            self.tick(updates, wait=left)
        self._patience = self._patience / 2 if self._lacks_reports() else CAUGHT_UP

    def close(self, updates: int, *, in_haste: bool) -> None:
        """Join the rest."""
        self.updates = updates
        now = monotonic()
        until = now + (IN_HASTE if in_haste else FAREWELL)
        # Who has not said hello by now is not watched, unless it is very early.
        hello_until = now + IN_HASTE if now - self._began < HELLO else now
        while True:
            self._take()
            now = monotonic()
            late = [peer for peer in self._peers if not peer.closed and (peer.present or now < hello_until)]
            if not late or now >= until or self.mailbox.is_broken:
                break
            self.mailbox.exchange(until - now)
            sleep(0.01)
        self._join(to_the_end=True)
        self._check_counts()
        self._looks.give_up()
        self._closed = True
        for note in self._notes():
            self.telemetry.note(note)
        self.mailbox.close()

    def complete(self, history: History) -> History:
        """Add rank zero's own losses where the others' have not arrived yet."""
        notes = () if self._closed else self._notes()
        completed = self._losses.completed(history)
        return completed.model_copy(update={"notes": (*completed.notes, *notes)}) if notes else completed

    def _compared(self, look: Look) -> None:
        self._looks.add(Waiting(look, self.stocks[look.stock], self._names(look.stock), None))

    def _shared_out(self, look: Look, measured: Measured, looker: Looker, recorder: LookRecorder) -> None:
        shard = Shard(measured, looker, recorder, tuple(self.unsummed.get(look.stock, ())))
        self._looks.add(Waiting(look, self.stocks[look.stock], self._names(look.stock), shard))

    def _names(self, stock: int) -> Sequence[str]:
        return [one.name for one in self.watched[stock]]

    def _take(self) -> None:
        # Asked before taking: what arrives from now on is no sign of silence.
        self._asked_at = self.mailbox.exchanged_at
        for rank, message in self.mailbox.take():
            try:
                report = decode(message)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                self.telemetry.note(f"A report of rank {rank} could not be read ({type(error).__name__}: {error}).")
                continue
            self._peers[rank - 1].take(report, monotonic())
            self.uneven |= report.uneven
            self._tell_events(rank, report)

    def _join(self, *, to_the_end: bool = False) -> None:
        own = self.losses.at
        awaited = set() if to_the_end else {peer.rank for peer in self._peers if self._awaits(peer)}
        until = min((peer.losses_until for peer in self._peers if peer.rank in awaited), default=float("inf"))
        if own and own[0] <= until:
            self._tell(self._losses.join(self._peers, until))
        epochs = self.epochs
        found = self._looks.join(self._peers, awaited, epochs)
        # Where ranks take different steps by design, their replicas are compared at different moments.
        self._tell([] if self.uneven else found)
        if not awaited and not any(peer.present for peer in self._peers):
            self._looks.give_up()
        self._check_epochs()

    def _lacks_reports(self) -> bool:
        """Whether something of rank zero waits for what another rank is still expected to tell."""
        waits = bool(self.losses.at) or self._looks.is_waiting
        return waits and any(self._awaits(peer) for peer in self._peers)

    def _awaits(self, peer: Peer) -> bool:
        return not self.mailbox.is_broken and peer.awaited(self.updates, self._asked_at)

    def _tell(self, disagreements: Sequence[Disagreement]) -> None:
        for one in disagreements:
            self.telemetry.event("ranks_disagree", one.at, one.text)
            self.telemetry.note(f"The ranks disagree from step {one.at} on: {one.text}.")
            self._losses.show(one.ranks)

    def _tell_events(self, rank: int, report: Report) -> None:
        for kind, at, text in report.events:
            known = [event.at for event in self.telemetry.events if event.kind == kind]
            if kind in TOLD_OF_OTHERS and at < min(known, default=float("inf")):
                self.telemetry.event(kind, at, f"rank {rank}: {text}")
                self.telemetry.note(f"At step {at} on rank {rank} {text}.")

    def _check_epochs(self) -> None:
        """Say where an epoch had more steps on one rank than on another."""
        for peer in self._peers:
            for number, (own, theirs) in enumerate(zip(self.epochs, peer.epochs, strict=False), 1):
                if abs(own - theirs) > 1 and not self._told_counts:
                    self._tell_count(f"epoch {number} ended after step {own} on rank 0", peer, theirs, own)

    def _check_counts(self) -> None:
        ended = {"crash", "stopped"} & {event.kind for event in self.telemetry.events}
        for peer in self._peers:
            if peer.closed and abs(peer.updates - self.updates) > 1 and not ended and not self._told_counts:
                self._tell_count(f"{self.updates} steps were taken on rank 0", peer, peer.updates, self.updates)

    def _tell_count(self, what: str, peer: Peer, theirs: int, own: int) -> None:
        self._told_counts = True
        meant = ", as uneven inputs have it" if self.uneven else ""
        text = f"{what} and after step {theirs} on rank {peer.rank}{meant}"
        if "ended" not in what:
            text = f"{what} and {theirs} on rank {peer.rank}{meant}"
        self._tell([Disagreement(min(own, theirs), text, (0, peer.rank))])

    def _notes(self) -> list[str]:
        """What is not of all ranks, as far as no more is to be expected or it has not come yet."""
        notes = []
        waiting = len(self.losses.at)
        alone, total = self._losses.alone + waiting, self._losses.total + waiting
        absent = [peer.rank for peer in self._peers if not peer.present]
        if absent and (self._closed or not any(self._awaits(peer) for peer in self._peers if peer.rank in absent)):
            why = f" ({self.mailbox.failure})" if self.mailbox.failure else "; watch has to be called on every rank"
            notes.append(f"Nothing was heard of {ranks_named(absent)}{why}.")
        if alone and alone < total:
            notes.append(
                f"At {alone:,} of {total:,} steps the loss is that of rank 0, where those of other ranks have not "
                f"arrived; elsewhere it is the mean of all {self.size}."
            )
        elif alone:
            notes.append(f"The loss is that of rank 0, as those of the other {self.size - 1} have not arrived.")
        if self._looks.is_partial:
            notes.append(
                "The model is shared out over the ranks, and the other parts were not seen: norms of gradients and "
                "weights are those of the part on rank 0."
            )
        elif self._looks.lost:
            notes.append(
                f"{self._looks.lost:,} looks at gradients and weights are left out, as not all ranks had looked then."
            )
        return notes
