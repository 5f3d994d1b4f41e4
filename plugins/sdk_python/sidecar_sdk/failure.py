"""Why something failed, and the one way in which failures of the host reach a strategy."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

from componentize_py_types import Err
from wit_world.imports.types import Failure as RawFailure

P = ParamSpec("P")
R = TypeVar("R")


class Failure(Exception):
    """Why something failed, for the operator.

    `code` is a kebab-case word, `message` one sentence that names the affected thing, `hint` says what to do.
    The host's failures are of this class too: "command-failed", "not-granted".
    """

    def __init__(self, code: str, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint

    def raw(self) -> RawFailure:
        """The record of the raw interface."""
        return RawFailure(self.code, self.message, self.hint)

    @classmethod
    def of(cls, raw: RawFailure) -> "Failure":
        """The failure that a record of the raw interface is."""
        return cls(raw.code, raw.message, raw.hint)


def host_call(function: Callable[P, R]) -> Callable[P, R]:
    """Makes a `Failure` of what the raw interface raises.

    Its own exception is frozen: a `with` block of `contextlib` that it leaves raises another one instead.
    """

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except Err as error:
            raise Failure.of(error.value) from None

    return called


def answer(function: Callable[[], R]) -> R:
    """What an exported function returns to the host: a `Failure`, or an error of the system, fails the run."""
    try:
        return function()
    except Failure as failure:
        raise Err(failure.raw()) from failure
    except OSError as error:
        raise Err(of_system(error).raw()) from error


def answer_all(function: Callable[[], R]) -> R:
    """The same for a function that gives every reason: a `Failure`, or an `ExceptionGroup` of them."""
    try:
        return function()
    except Failure as failure:
        raise Err([failure.raw()]) from failure
    except ExceptionGroup as group:
        _refuse(group)


def _refuse(group: ExceptionGroup[Any]) -> NoReturn:
    failures, others = group.split(Failure)
    if failures is None or others is not None:
        raise group
    raise Err([failure.raw() for failure in _leaves(failures)]) from group


def of_system(error: OSError) -> Failure:
    """An error of `open`, `os` and the like, without the number of WASI."""
    what = f"{error.filename}: " if error.filename else ""
    return Failure("io", f"{what}{error.strerror or error}")


def _leaves(group: BaseExceptionGroup[Any]) -> list[Any]:
    nested = (_leaves(one) if isinstance(one, BaseExceptionGroup) else [one] for one in group.exceptions)
    return [leaf for leaves in nested for leaf in leaves]
