"""What visitors answer, for type checkers. Made by ``flask wizard types``."""

# fmt: off
# flake8: noqa
# ruff: noqa

from __future__ import annotations

import datetime as _datetime
from collections.abc import Iterator, Mapping
from typing import (
    Any,
    Generic,
    Literal,
    NotRequired,
    TypedDict,
    TypeVar,
    dataclass_transform,
)

from flask_wizard import Submission, UploadedFile

_Name = TypeVar("_Name", bound=str)


@dataclass_transform(frozen_default=True)
class _Named(Generic[_Name]):
    def __getitem__(self, name: _Name, /) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[_Name]:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def __contains__(self, name: object, /) -> bool:
        raise NotImplementedError


class _Answers(_Named[_Name]):
    bound: Mapping[str, Any]


class _Given(_Named[_Name]):
    def __bool__(self) -> Literal[True]:
        return True


class _NotGiven(_Named[_Name]):
    def __bool__(self) -> Literal[False]:
        return False


class ChangeOrderDeliveryAddress(_Given[Literal["street", "postcode", "city", "country"]]):
    street: str
    postcode: str
    city: str
    country: str


class ChangeOrderDeliveryAddressData(TypedDict):
    street: str
    postcode: str
    city: str
    country: str


class ChangeOrderDelivery(_Given[Literal["name", "email", "address"]]):
    name: str
    email: str
    address: ChangeOrderDeliveryAddress


class ChangeOrderDeliveryData(TypedDict):
    name: str
    email: str
    address: ChangeOrderDeliveryAddressData


class ChangeOrderGift(_Given[Literal["gift"]]):
    gift: str


class ChangeOrderGiftData(TypedDict):
    gift: str


class ChangeOrderMessage(_Given[Literal["gift_message"]]):
    gift_message: str


class ChangeOrderMessageData(TypedDict):
    gift_message: str


class ChangeOrderMessageAbsent(_NotGiven[Literal["gift_message"]]):
    gift_message: None


class ChangeOrderPayment(_Given[Literal["method", "payer"]]):
    method: str
    payer: str


class ChangeOrderPaymentData(TypedDict):
    method: str
    payer: str


class ChangeOrderInvoiceAddress(_Given[Literal["street", "postcode", "city", "country"]]):
    street: str
    postcode: str
    city: str
    country: str


class ChangeOrderInvoiceAddressData(TypedDict):
    street: str
    postcode: str
    city: str
    country: str


class ChangeOrderInvoice(_Given[Literal["company", "vat_number", "same", "address"]]):
    company: str
    vat_number: str | None
    same: bool
    address: ChangeOrderInvoiceAddress | None


class ChangeOrderInvoiceData(TypedDict):
    company: str
    vat_number: str | None
    same: bool
    address: ChangeOrderInvoiceAddressData | None


class ChangeOrderInvoiceAbsent(_NotGiven[Literal["company", "vat_number", "same", "address"]]):
    company: None
    vat_number: None
    same: None
    address: None


class ChangeOrderAnswers(_Answers[Literal["delivery", "gift", "message", "payment", "invoice"]]):
    delivery: ChangeOrderDelivery
    gift: ChangeOrderGift
    message: ChangeOrderMessage | ChangeOrderMessageAbsent
    payment: ChangeOrderPayment
    invoice: ChangeOrderInvoice | ChangeOrderInvoiceAbsent


class ChangeOrderData(TypedDict):
    delivery: ChangeOrderDeliveryData
    gift: ChangeOrderGiftData
    message: NotRequired[ChangeOrderMessageData]
    payment: ChangeOrderPaymentData
    invoice: NotRequired[ChangeOrderInvoiceData]


class ChangeOrderSubmission(Submission):
    answers: ChangeOrderAnswers  # type: ignore[assignment]
    data: ChangeOrderData  # type: ignore[assignment]


class CheckoutDeliveryAddress(_Given[Literal["street", "postcode", "city", "country"]]):
    street: str
    postcode: str
    city: str
    country: str


class CheckoutDeliveryAddressData(TypedDict):
    street: str
    postcode: str
    city: str
    country: str


class CheckoutDelivery(_Given[Literal["name", "email", "address"]]):
    name: str
    email: str
    address: CheckoutDeliveryAddress


class CheckoutDeliveryData(TypedDict):
    name: str
    email: str
    address: CheckoutDeliveryAddressData


class CheckoutGift(_Given[Literal["gift"]]):
    gift: str


class CheckoutGiftData(TypedDict):
    gift: str


class CheckoutMessage(_Given[Literal["gift_message"]]):
    gift_message: str


class CheckoutMessageData(TypedDict):
    gift_message: str


class CheckoutMessageAbsent(_NotGiven[Literal["gift_message"]]):
    gift_message: None


class CheckoutPayment(_Given[Literal["method", "payer", "remember"]]):
    method: str
    payer: str
    remember: bool


class CheckoutPaymentData(TypedDict):
    method: str
    payer: str
    remember: bool


class CheckoutInvoiceAddress(_Given[Literal["street", "postcode", "city", "country"]]):
    street: str
    postcode: str
    city: str
    country: str


class CheckoutInvoiceAddressData(TypedDict):
    street: str
    postcode: str
    city: str
    country: str


class CheckoutInvoice(_Given[Literal["company", "vat_number", "same", "address"]]):
    company: str
    vat_number: str | None
    same: bool
    address: CheckoutInvoiceAddress | None


class CheckoutInvoiceData(TypedDict):
    company: str
    vat_number: str | None
    same: bool
    address: CheckoutInvoiceAddressData | None


class CheckoutInvoiceAbsent(_NotGiven[Literal["company", "vat_number", "same", "address"]]):
    company: None
    vat_number: None
    same: None
    address: None


class CheckoutAnswers(_Answers[Literal["delivery", "gift", "message", "payment", "invoice"]]):
    delivery: CheckoutDelivery
    gift: CheckoutGift
    message: CheckoutMessage | CheckoutMessageAbsent
    payment: CheckoutPayment
    invoice: CheckoutInvoice | CheckoutInvoiceAbsent


class CheckoutData(TypedDict):
    delivery: CheckoutDeliveryData
    gift: CheckoutGiftData
    message: NotRequired[CheckoutMessageData]
    payment: CheckoutPaymentData
    invoice: NotRequired[CheckoutInvoiceData]


class CheckoutSubmission(Submission):
    answers: CheckoutAnswers  # type: ignore[assignment]
    data: CheckoutData  # type: ignore[assignment]


class ClubYou(_Given[Literal["name", "email", "born", "photo"]]):
    name: str
    email: str
    born: _datetime.date
    photo: UploadedFile | None


class ClubYouData(TypedDict):
    name: str
    email: str
    born: _datetime.date


class ClubGuardian(_Given[Literal["agrees", "name", "email"]]):
    agrees: str
    name: str | None
    email: str | None


class ClubGuardianData(TypedDict):
    agrees: str
    name: str | None
    email: str | None


class ClubGuardianAbsent(_NotGiven[Literal["agrees", "name", "email"]]):
    agrees: None
    name: None
    email: None


class ClubTastes(_Given[Literal["genres", "authors"]]):
    genres: list[str]
    authors: tuple[str | None, ...]


class ClubTastesData(TypedDict):
    genres: list[str]
    authors: list[str | None]


class ClubFamilyWho(_Given[Literal["name", "born"]]):
    name: str
    born: _datetime.date


class ClubFamilyWhoData(TypedDict):
    name: str
    born: _datetime.date


class ClubFamilyCard(_Given[Literal["genres", "photo"]]):
    genres: list[str]
    photo: UploadedFile | None


class ClubFamilyCardData(TypedDict):
    genres: list[str]


class ClubFamilyAnswers(_Answers[Literal["who", "card"]]):
    item_id: str
    who: ClubFamilyWho
    card: ClubFamilyCard


class ClubFamilyData(TypedDict):
    who: ClubFamilyWhoData
    card: ClubFamilyCardData


class ClubAccount(_Given[Literal["username", "password", "confirm"]]):
    username: str
    password: str
    confirm: str


class ClubAccountData(TypedDict):
    username: str
    password: str
    confirm: str


class ClubAnswers(_Answers[Literal["you", "guardian", "tastes", "family", "account"]]):
    you: ClubYou
    guardian: ClubGuardian | ClubGuardianAbsent
    tastes: ClubTastes
    family: tuple[ClubFamilyAnswers, ...]
    account: ClubAccount


class ClubData(TypedDict):
    you: ClubYouData
    guardian: NotRequired[ClubGuardianData]
    tastes: ClubTastesData
    family: NotRequired[list[ClubFamilyData]]
    account: ClubAccountData


class ClubSubmission(Submission):
    answers: ClubAnswers  # type: ignore[assignment]
    data: ClubData  # type: ignore[assignment]


class SellYou(_Given[Literal["name", "email"]]):
    name: str
    email: str


class SellYouData(TypedDict):
    name: str
    email: str


class SellAddress(_Given[Literal["street", "postcode", "city", "country"]]):
    street: str
    postcode: str
    city: str
    country: str


class SellAddressData(TypedDict):
    street: str
    postcode: str
    city: str
    country: str


class SellBooks(_Given[Literal["title", "condition"]]):
    item_id: str
    title: str
    condition: str


class SellBooksData(TypedDict):
    title: str
    condition: str


class SellWay(_Given[Literal["way"]]):
    way: str


class SellWayData(TypedDict):
    way: str


class SellDay(_Given[Literal["day"]]):
    day: _datetime.date


class SellDayData(TypedDict):
    day: _datetime.date


class SellDayAbsent(_NotGiven[Literal["day"]]):
    day: None


class SellBank(_Given[Literal["iban"]]):
    iban: str


class SellBankData(TypedDict):
    iban: str


class SellAnswers(_Answers[Literal["you", "address", "books", "way", "day", "bank"]]):
    you: SellYou
    address: SellAddress
    books: tuple[SellBooks, ...]
    way: SellWay
    day: SellDay | SellDayAbsent
    bank: SellBank


class SellData(TypedDict):
    you: SellYouData
    address: SellAddressData
    books: list[SellBooksData]
    way: SellWayData
    day: NotRequired[SellDayData]
    bank: SellBankData


class SellSubmission(Submission):
    answers: SellAnswers  # type: ignore[assignment]
    data: SellData  # type: ignore[assignment]


class SuggestBook(_Given[Literal["title", "author", "year"]]):
    title: str
    author: str
    year: int | None


class SuggestBookData(TypedDict):
    title: str
    author: str
    year: int | None


class SuggestReason(_Given[Literal["genre", "reason"]]):
    genre: str
    reason: str


class SuggestReasonData(TypedDict):
    genre: str
    reason: str


class SuggestAnswers(_Answers[Literal["book", "reason"]]):
    book: SuggestBook
    reason: SuggestReason


class SuggestData(TypedDict):
    book: SuggestBookData
    reason: SuggestReasonData


class SuggestSubmission(Submission):
    answers: SuggestAnswers  # type: ignore[assignment]
    data: SuggestData  # type: ignore[assignment]
