"""What is learned, in two halves that share nothing: `FROM_THE_START` and `EVALUATED` to tune on, `EVALUATION` not.

What came of an evaluation has been read, so its problems and its runs belong to the tuning half from then on, and the
next one has problems that nobody has tuned on.
"""

from __future__ import annotations

from . import evaluation, from_the_start, second_evaluation, third_evaluation

FROM_THE_START = from_the_start.PROBLEMS
EVALUATED = (
    (second_evaluation.PROBLEMS, "4600d8db6e952d837f960dbd608c07632e8f97b3"),
    (third_evaluation.PROBLEMS, "cddf716be0f2de71f4cbcf55fd79ed89ca68dfd1"),
)
"""Problems of ended evaluations, with the last commit that was evaluated on them, of which the runs are used on."""
EVALUATION = evaluation.PROBLEMS

TUNING = (*FROM_THE_START, *(problem for problems, _ in EVALUATED for problem in problems))
PROBLEMS = {problem.name: problem for problem in (*TUNING, *EVALUATION)}
