"""What a source calls by an id of its own, and whose account that is.

Some systems tell of a payment, a refund or a chargeback without saying whose it is; what they do
say is an id that came with an account before, or will. Such an id is a reference: `source#id`. It
is a party of its own in the line, so that what is told of it is in order and can wait.
"""

from typing import Any, Final

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, to_json

from shared.events.base import REGISTRY, Fact
from shared.events.fields import Id, Told, refuse

_BINDS_MAX: Final = 20


class ReferenceBound(Told, type="billing.reference.bound.v1"):
    """A reference belongs to an account; the first to say so is right."""

    reference: Id
    owner_id: Id
    """The account that it belongs to."""

    @property
    def account_id(self) -> str:
        """What the event is about: the reference, not yet the account."""
        return self.reference


class ReferenceTold(Told, type="billing.reference.told.v1"):
    """An event of the contract that lacks its account: it is told once the reference is bound."""

    reference: Id
    event_type: Id
    """The type of what is told, one of `billing.*` that is about an account."""
    event_data: dict[str, Any]
    """Its data, without `account_id`."""
    binds: tuple[Id, ...] = Field(default=(), max_length=_BINDS_MAX)
    """References that belong to the same account, and become known with it."""

    @property
    def account_id(self) -> str:
        """What the event is about: the reference, as long as the account is not known."""
        return self.reference

    @model_validator(mode="after")
    def _fits(self) -> "ReferenceTold":
        model = REGISTRY.get(self.event_type)
        if model is None or not _is_of_an_account(model):
            refuse(self, "event_type", why="a type of event about an account is expected")
        try:
            self.of(self.reference)
        except ValidationError as error:
            raise _inside(error) from None
        return self

    def of(self, account_id: str) -> Fact:
        """What is told, as of this account: it was found valid when this was."""
        # By way of JSON, since fields from outside are strict: a day is text there.
        content = to_json({**self.event_data, "account_id": account_id})
        return REGISTRY[self.event_type].model_validate_json(content)


def _is_of_an_account(model: type[Fact]) -> bool:
    return (
        model.type.startswith("billing.")
        and not model.broadcast
        and "account_id" in model.model_fields
    )


def _inside(error: ValidationError) -> ValidationError:
    """The same faults, at their place within `event_data`; no values, which may be personal."""
    return ValidationError.from_exception_data(
        ReferenceTold.__name__,
        [
            InitErrorDetails(
                type=PydanticCustomError("told", "{why}", {"why": fault["msg"]}),
                loc=("event_data", *fault["loc"]),
                input=None,
            )
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ],
    )
