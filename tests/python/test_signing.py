"""gorandom.signing compared with itsdangerous, both ways; what it refuses, when a token expires, what a signer keeps."""

import base64
import copy
import gc
import hashlib
import hmac
import itertools
import json
import pickle
import string
import types
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import itsdangerous
import pytest
from _forks import PROGRAMS, linux, run, starts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gorandom import signing

SECRET, PURPOSE = b"a secret of the tests, 32 bytes.", "tests"
NOW = 1_700_000_000  # seconds

# itsdangerous' options for the same tokens.
THEIR_WAY = {
    None: {"key_derivation": "hmac", "digest_method": hashlib.sha256},
    "itsdangerous": {},
    "flask": {"key_derivation": "hmac"},
}
compats = pytest.mark.parametrize("compat", THEIR_WAY, ids=str)
CLASSES = ["Signer", "TimestampSigner", "URLSafeSerializer", "URLSafeTimedSerializer"]
classes = pytest.mark.parametrize("name", CLASSES)
thorough = settings(deadline=None, database=None, max_examples=200)

secrets = st.one_of(st.binary(min_size=1, max_size=200), st.text(min_size=1)).filter(
    lambda secret: any(secret.encode() if isinstance(secret, str) else secret)
)
purposes = st.one_of(st.binary(min_size=1, max_size=100), st.text(min_size=1))
values = st.one_of(st.binary(), st.text())
objects = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.text("ab", min_size=20)
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
)


class Clock(signing.TimestampSigner):
    now = NOW

    def get_timestamp(self):
        return self.now


class ClockedSerializer(signing.URLSafeTimedSerializer):
    default_signer = Clock


class TheirClock(itsdangerous.TimestampSigner):
    def get_timestamp(self):
        return Clock.now


OURS = {
    "Signer": signing.Signer,
    "TimestampSigner": Clock,
    "URLSafeSerializer": signing.URLSafeSerializer,
    "URLSafeTimedSerializer": ClockedSerializer,
}


@pytest.fixture
def clock(monkeypatch):
    return lambda now: monkeypatch.setattr(Clock, "now", now)


def ours(name, secret=SECRET, purpose=PURPOSE, **options):
    made = OURS[name](secret, purpose, **options)
    return (made.dumps, made.loads) if "Serializer" in name else (made.sign, made.unsign)


def theirs(name, secret=SECRET, purpose=PURPOSE, compat=None):
    way = THEIR_WAY[compat]
    if "Serializer" in name:
        made = getattr(itsdangerous, name)(
            secret, salt=purpose, signer=TheirClock if "Timed" in name else itsdangerous.Signer, signer_kwargs=way
        )
        return made.dumps, made.loads
    made = (TheirClock if name == "TimestampSigner" else itsdangerous.Signer)(secret, salt=purpose, **way)
    return made.sign, made.unsign


def as_bytes(text):
    return text.encode() if isinstance(text, str) else text


# -- The tokens are itsdangerous' --


@pytest.mark.parametrize(
    "make, token",
    [
        # printf purpose | openssl dgst -sha256 -hmac secret -r                                        gives KEY;
        # printf value | openssl dgst -sha256 -mac HMAC -macopt hexkey:KEY -binary | basenc --base64url
        (
            lambda: signing.Signer("secret", "purpose").sign("value"),
            b"value.SikU0UtxBprd48s6mBKeiWnAapM9FGcaEImHzi68OaM",
        ),
        # itsdangerous' docs/signer.rst, with the default salt.
        (
            lambda: signing.Signer("secret-key", "itsdangerous.Signer", compat="itsdangerous").sign("my string"),
            b"my string.wh6tMHxLgJqB6oY1uT73iMlyrOA",
        ),
        # itsdangerous' README.md
        (
            lambda: signing.URLSafeSerializer("secret key", "auth", compat="itsdangerous").dumps(
                {"id": 5, "name": "itsdangerous"}
            ),
            "eyJpZCI6NSwibmFtZSI6Iml0c2Rhbmdlcm91cyJ9.6YP6T0BaO67XP--9UzTrmurXSmg",
        ),
    ],
)
def test_vectors(make, token):
    assert make() == token


def test_by_the_definition():
    """RFC 2104 applied twice, spelled out with the standard library."""
    key = hmac.digest(SECRET, b"p", "sha256")
    tag = base64.urlsafe_b64encode(hmac.digest(key, b"v.w", "sha256")).rstrip(b"=")
    assert signing.Signer(SECRET, "p").sign("v.w") == b"v.w." + tag
    key = hashlib.sha1(b"p" + b"signer" + SECRET).digest()
    tag = base64.urlsafe_b64encode(hmac.digest(key, b"v.w", "sha1")).rstrip(b"=")
    assert signing.Signer(SECRET, "p", compat="itsdangerous").sign("v.w") == b"v.w." + tag
    key = hmac.digest(SECRET, b"p", "sha1")
    tag = base64.urlsafe_b64encode(hmac.digest(key, b"v.w", "sha1")).rstrip(b"=")
    assert signing.Signer(SECRET, "p", compat="flask").sign("v.w") == b"v.w." + tag


@compats
@pytest.mark.parametrize("name", ["Signer", "TimestampSigner"])
@thorough
@given(secrets, purposes, values)
@example("\0x", b"\0", b"")
@example(b"k" * 64, b"p", b"..")
@example(b"k" * 65, "é", "é.é")
def test_signers_exchange(name, compat, secret, purpose, value):
    sign, unsign = ours(name, secret, purpose, compat=compat)
    their_sign, their_unsign = theirs(name, secret, purpose, compat)
    token = sign(value)
    assert type(token) is bytes and token == their_sign(value)
    for given_token in (token, bytearray(token)):
        assert unsign(given_token) == their_unsign(token) == as_bytes(value)
        assert type(unsign(given_token)) is bytes
    if isinstance(value, str):
        assert unsign(token.decode()) == their_unsign(token.decode()) == as_bytes(value)


@pytest.mark.once
@compats
@pytest.mark.parametrize("name", ["URLSafeSerializer", "URLSafeTimedSerializer"])
@thorough
@given(secrets, purposes, objects)
def test_serializers_exchange(name, compat, secret, purpose, obj):
    dumps, loads = ours(name, secret, purpose, compat=compat)
    their_dumps, their_loads = theirs(name, secret, purpose, compat)
    token = dumps(obj)
    assert type(token) is str and token == their_dumps(obj)
    assert set(token) <= set(string.ascii_letters + string.digits + "-_.")
    assert loads(token) == loads(token.encode()) == their_loads(token) == obj


@pytest.mark.parametrize("size", [*range(16), *range(506, 514), 3000])  # JSON adds two quotes; signing.SHORT is 512 bytes
@pytest.mark.parametrize("text", ["a", "ab", "abcdefghijklmnopqrstuvwxyz", "mixed"])
def test_compression(size, text):
    """The same choice as itsdangerous makes, on both sides of the size up to which a small window decides."""
    if text == "mixed":  # no repeats at first, then some
        text = base64.b85encode(hashlib.shake_128(b"x").digest(size)).decode()[: size - size // 8]
    text = (text * size)[:size]
    token = signing.URLSafeSerializer(SECRET, PURPOSE).dumps(text)
    assert token == theirs("URLSafeSerializer")[0](text)
    assert signing.URLSafeSerializer(SECRET, PURPOSE).loads(token) == text
    assert token.startswith(".") == (len(zlib.compress(json.dumps(text).encode())) < size + 1)


def test_rule_of_compression():
    """At its edge, and for repeats that only a wide window finds, in more data than the small one is used for."""
    noise = hashlib.shake_128(b"x").digest(2000)
    cases = [noise[:256] * 2, noise[:1500] * 2, noise[:512], noise[:513]]
    cases += [noise[:start] + b"x" * n for start in range(470, 530) for n in range(1, 80)]
    cases += [b"ab"[: n % 3] + b"a" * n for n in range(40)]
    edges = set()
    for data in cases:
        whole = zlib.compress(data)
        gain = len(data) - len(whole)
        assert signing._compressed(data) == (whole if gain > 1 else None)
        edges.add((len(data) <= signing.SHORT, gain))
    assert edges >= {(True, 1), (True, 2), (False, 1), (False, 2)}


def test_what_json_can_hold():
    dumps, loads = ours("URLSafeSerializer")
    their_dumps, their_loads = theirs("URLSafeSerializer")
    for obj in ({"é": "\U0001f511\u2028"}, float("inf"), 10**400, {1: 2}, (1, 2), "", [], 0):
        assert dumps(obj) == their_dumps(obj)
        assert loads(dumps(obj)) == their_loads(dumps(obj)) == json.loads(json.dumps(obj))
    assert loads(their_dumps(float("nan"))) != loads(their_dumps(float("nan")))
    for obj in (b"bytes", {1, 2}, object()):
        with pytest.raises(TypeError):
            dumps(obj)
    for obj in ("\ud800", circular := []):
        circular.append(circular)
        with pytest.raises(ValueError):
            dumps(obj)


def test_default_clock(monkeypatch):
    monkeypatch.setattr(signing.time, "time", lambda: NOW + 0.999)
    signer = signing.TimestampSigner(SECRET, PURPOSE)
    assert signer.get_timestamp() == NOW
    when = datetime.fromtimestamp(NOW, timezone.utc)
    assert signer.unsign(signer.sign("v"), 0, True) == (b"v", when)
    serializer = signing.URLSafeTimedSerializer(SECRET, PURPOSE)
    assert serializer.loads(serializer.dumps([1]), max_age=0, return_timestamp=True) == ([1], when)


# -- One key a purpose, and old secrets --


@classes
@compats
def test_purposes_never_cross(name, compat):
    """However similar they are. Nor do the two ways of signing, nor this way and one with the secret itself as the key."""
    alike = ["a", "A", "a ", "a\0", "\0a", "aa", "signer", "asigner", "é", "e\u0301", b"\xff", "." * 64, "." * 65]
    for one, other in itertools.permutations(alike, 2):
        with pytest.raises(signing.BadSignature):
            ours(name, purpose=other, compat=compat)[1](ours(name, purpose=one, compat=compat)[0]("v"))
    for purpose in alike:
        with pytest.raises(signing.BadSignature):
            ours(name, purpose=purpose)[1](ours(name, purpose=purpose, compat="itsdangerous")[0]("v"))
        with pytest.raises(signing.BadSignature):
            ours(name, purpose=purpose, compat="flask")[1](ours(name, purpose=purpose, compat="itsdangerous")[0]("v"))
    with pytest.raises(itsdangerous.BadSignature):
        itsdangerous.Signer(SECRET, key_derivation="none", digest_method=hashlib.sha256).unsign(
            signing.Signer(SECRET, PURPOSE).sign("v")
        )


@thorough
@given(secrets, purposes, purposes, values)
def test_no_two_purposes(secret, one, other, value):
    signer = signing.Signer(secret, other)
    same = as_bytes(one) == as_bytes(other)
    assert signer.validate(signing.Signer(secret, one).sign(value)) is same


@classes
@compats
def test_rotation(name, compat):
    old, older, foreign = b"the old one", "the older one", b"another program's"
    sign, unsign = ours(name, old_secrets=[old, older], compat=compat)
    for secret in (SECRET, old, older):
        assert as_bytes(unsign(ours(name, secret, compat=compat)[0]("v"))) == b"v"
        assert as_bytes(unsign(theirs(name, secret, compat=compat)[0]("v"))) == b"v"
    with pytest.raises(signing.BadSignature):
        unsign(ours(name, foreign, compat=compat)[0]("v"))
    with pytest.raises(signing.BadSignature):
        unsign(ours(name, old, "another purpose", compat=compat)[0]("v"))
    # Only the newest secret signs.
    assert sign("v") == ours(name, compat=compat)[0]("v")
    with pytest.raises(signing.BadSignature):
        ours(name, old, compat=compat)[1](sign("v"))
    # itsdangerous has the list in the opposite order.
    assert as_bytes(theirs(name, [older, old, SECRET], compat=compat)[1](sign("v"))) == b"v"


def test_old_secrets_are_a_list():
    """A str there would make each of its letters a secret."""
    for one in ("old", b"old", bytearray(b"old")):
        with pytest.raises(TypeError, match="old_secrets must be a list"):
            signing.Signer(SECRET, PURPOSE, old_secrets=one)
    for several in (["old"], ("old",), {"old"}, iter(["old"])):
        assert signing.Signer(SECRET, PURPOSE, old_secrets=several).validate(signing.Signer("old", PURPOSE).sign("v"))
    for bad in (None, 5, [None], [5], [["old"]]):
        with pytest.raises(TypeError):
            signing.Signer(SECRET, PURPOSE, old_secrets=bad)


# -- Arguments --


@classes
def test_secrets_and_purposes(name):
    make = OURS[name]
    for empty in (b"", "", bytearray()):
        with pytest.raises(ValueError, match="secret must not be empty"):
            make(empty, PURPOSE)
        with pytest.raises(ValueError, match="secret must not be empty"):
            make(SECRET, PURPOSE, old_secrets=[SECRET, empty])
        with pytest.raises(ValueError, match="purpose must not be empty"):
            make(SECRET, empty)
    for bad in (None, 5, [SECRET], memoryview(SECRET), object()):
        with pytest.raises(TypeError, match=f"secret must be bytes or str, not {type(bad).__name__}"):
            make(bad, PURPOSE)
        with pytest.raises(TypeError, match=f"purpose must be bytes or str, not {type(bad).__name__}"):
            make(SECRET, bad)
    for bad in ("django", "", 1, [], True):
        with pytest.raises(ValueError, match="compat must be"):
            make(SECRET, PURPOSE, compat=bad)
    with pytest.raises(TypeError):
        make(SECRET)
    with pytest.raises(TypeError):
        make(SECRET, PURPOSE, [b"old"])


@compats
def test_a_secret_of_nulls(compat):
    """Such a buffer was erased too early. HMAC pads its key with NULs, so it would sign like an empty secret."""
    assert hmac.digest(bytes(64), b"p", "sha256") == hmac.digest(b"", b"p", "sha256")
    for secret in (b"\0", bytes(64), bytearray(100), "\0\0"):
        with pytest.raises(ValueError):
            signing.Signer(secret, PURPOSE, compat=compat)
        with pytest.raises(ValueError):
            signing.Signer(SECRET, PURPOSE, old_secrets=[secret], compat=compat)
    signing.Signer(b"\0\1", PURPOSE, compat=compat)


@compats
def test_types_that_are_one(compat):
    made = [
        signing.Signer(secret, purpose, compat=compat).sign(value)
        for secret in ("é", "é".encode(), bytearray("é".encode()))
        for purpose in ("ö", "ö".encode(), bytearray("ö".encode()))
        for value in ("ü", "ü".encode(), bytearray("ü".encode()))
    ]
    assert len(set(made)) == 1


def test_a_buffer_may_change_later():
    secret, purpose = bytearray(SECRET), bytearray(b"p")
    signer = signing.Signer(secret, purpose)
    secret[:] = purpose[:] = b""
    assert signer.sign("v") == signing.Signer(SECRET, "p").sign("v")


@classes
def test_wrong_types(name):
    made = OURS[name](SECRET, PURPOSE)
    with pytest.raises(TypeError, match="^secret must be bytes or str, not list$"):  # and not what is in it
        OURS[name]([SECRET], PURPOSE)
    for bad in (None, 5, 1.0, [b"v"], memoryview(b"v"), object()):
        if "Serializer" in name:
            with pytest.raises(TypeError, match="token must be bytes or str"):
                made.loads(bad)
            continue
        with pytest.raises(TypeError, match="value must be bytes or str"):
            made.sign(bad)
        with pytest.raises(TypeError, match="token must be bytes or str"):
            made.unsign(bad)
        with pytest.raises(TypeError, match="token must be bytes or str"):
            made.validate(bad)


def test_text_that_is_no_utf_8():
    """A UnicodeEncodeError would contain the text, and a log that shows it would contain the secret."""
    bad = "\ud800 and more"
    for make in (
        lambda: signing.Signer(bad, PURPOSE),
        lambda: signing.Signer(SECRET, PURPOSE, old_secrets=[bad]),
        lambda: signing.Signer(SECRET, bad),
        lambda: signing.Signer(SECRET, PURPOSE).sign(bad),
    ):
        with pytest.raises(ValueError, match="must be text that UTF-8 can encode$") as caught:
            make()
        assert caught.type is ValueError and caught.value.__context__ is None
    # A token may have any source.
    assert not signing.Signer(SECRET, PURPOSE).validate(bad)
    with pytest.raises(signing.BadTimeSignature):
        signing.TimestampSigner(SECRET, PURPOSE).unsign(bad)
    with pytest.raises(signing.BadSignature):
        signing.URLSafeSerializer(SECRET, PURPOSE).loads(bad)


# -- What is refused --

FOREIGN = [*"=+/. \n\0~", "é", "\ud800", "\uff21"]  # outside the alphabet; the last is a wide A


@classes
@compats
def test_altered_at_every_place(name, compat):
    """Another character, one more, or one less. itsdangerous accepts some of these: see below."""
    sign, unsign = ours(name, compat=compat)
    token = sign("v?>")
    token = token if isinstance(token, str) else token.decode()
    unsign(token)
    refusal = signing.BadTimeSignature if "Time" in name else signing.BadSignature
    for i in range(len(token) + 1):
        for c in [*string.ascii_letters, *string.digits, *"-_", *FOREIGN, ""]:
            for altered in {token[:i] + c + token[i + 1 :], token[:i] + c + token[i:]} - {token}:
                with pytest.raises(refusal):
                    unsign(altered)
    for i in range(len(token)):
        for altered in (token[:i], token[i + 1 :], token[i:] + token[:i] if i else "", token + token[i:]):
            with pytest.raises(refusal):
                unsign(altered)


@compats
def test_one_spelling(compat):
    """itsdangerous ignores characters outside base64, padding, and the bits after the last byte. That makes many tokens for
    one value, and a list of revoked tokens doesn't know the others."""
    signer = signing.Signer(SECRET, PURPOSE, compat=compat)
    token = signer.sign("v")
    accepts = theirs("Signer", compat=compat)[1]
    digits = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_").encode()
    last = digits.index(token[-1:])
    assert last % 4 == 0
    bits = [token[:-1] + digits[last + i : last + i + 1] for i in (1, 2, 3)]
    for spelling in [*bits, token + b"=", token[:5] + b"!!!!" + token[5:], token + b"\n\n\n\n"]:
        assert accepts(spelling) == b"v"
        with pytest.raises(signing.BadSignature):
            signer.unsign(spelling)


@classes
@compats
def test_short_and_long_tags(name, compat):
    """A correct tag that is truncated, even to nothing, or has more after it."""
    sign, unsign = ours(name, compat=compat)
    token = as_bytes(sign("v"))
    value, _, signature = token.rpartition(b".")
    tag = base64.urlsafe_b64decode(signature + b"=")
    assert len(tag) == (32 if compat is None else 20)
    for wrong in [*(tag[:n] for n in range(len(tag))), tag + b"\0", b"\0" + tag, tag + tag, tag[::-1], bytes(len(tag))]:
        with pytest.raises(signing.BadSignature, match="Signature does not match"):
            unsign(value + b"." + base64.urlsafe_b64encode(wrong).rstrip(b"="))


@compats
def test_no_truncation_of_the_other_kind(compat):
    """The 20 bytes of an HMAC-SHA-1 are no HMAC-SHA-256, nor are the first 20 of one."""
    other = "itsdangerous" if compat is None else None
    assert not signing.Signer(SECRET, PURPOSE, compat=compat).validate(
        signing.Signer(SECRET, PURPOSE, compat=other).sign("v")
    )


@pytest.mark.parametrize(
    "token, message",
    [
        ("", "No '.' in the token"),
        ("v", "No '.' in the token"),
        (".", "Signature does not match"),
        ("v.", "Signature does not match"),
        ("v.AAAA", "Signature does not match"),
        ("v.A", "Signature is not base64"),
        ("v.AA=", "Signature is not base64"),
        ("v.AB", "Signature is not base64"),
        ("v.****", "Signature is not base64"),
        ("v.éééé", "Signature is not base64"),
        ("\udcff.AAAA", "Token is not UTF-8"),
        (b"\xff.AAAA", "Signature does not match"),
        (b"v." + b"A" * 100_000, "Signature does not match"),
    ],
)
@classes
def test_messages(name, token, message):
    with pytest.raises(signing.BadSignature) as caught:
        ours(name)[1](token)
    assert caught.value.message == str(caught.value) == message
    assert caught.value.payload is None and getattr(caught.value, "date_signed", None) is None


@thorough
@given(
    st.one_of(
        st.binary(), st.text(), st.text(st.characters()), st.text("aA-_=.\n"), st.lists(values, min_size=2, max_size=4)
    )
)
def test_any_token(token):
    """Whatever comes, the answer is BadSignature."""
    if isinstance(token, list):
        token = b".".join(map(as_bytes, token))
    for name in CLASSES:
        with pytest.raises(signing.BadSignature):
            ours(name)[1](token)
    assert (
        signing.Signer(SECRET, PURPOSE).validate(token)
        is signing.TimestampSigner(SECRET, PURPOSE).validate(token)
        is False
    )


@compats
def test_nothing_is_read_before_the_signature(monkeypatch, compat):
    token = signing.URLSafeSerializer(SECRET, "another purpose", compat=compat).dumps("a" * 1000)
    timed = signing.URLSafeTimedSerializer(SECRET, "another purpose", compat=compat).dumps("a" * 1000)
    assert token.startswith(".") and timed.startswith(".")

    def must_not(*args, **kwargs):
        raise AssertionError("read")

    monkeypatch.setattr(signing.zlib, "decompress", must_not)
    monkeypatch.setattr(signing.json, "loads", must_not)
    monkeypatch.setattr(signing, "_date", must_not)
    monkeypatch.setattr(signing.TimestampSigner, "get_timestamp", must_not)
    with pytest.raises(signing.BadSignature):
        signing.URLSafeSerializer(SECRET, PURPOSE, compat=compat).loads(token)
    with pytest.raises(signing.BadSignature):
        signing.URLSafeTimedSerializer(SECRET, PURPOSE, compat=compat).loads(timed, max_age=5, return_timestamp=True)


def encoded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@pytest.mark.parametrize(
    "payload",
    [b"", b"*", b"A", b".", b"..", encoded(b"no JSON"), encoded(b"\xff"), encoded(b'\xef\xbb\xbf"BOM"'), encoded(b"1 2"),
     encoded(b'"\xed\xa0\x80"'), b"." + encoded(b"no zlib"), b"." + encoded(zlib.compress(b"no JSON")),
     b"." + encoded(zlib.compress(b'"aaa"')[:-1]), b"." + encoded(zlib.compress(b"[" * 1_000_000)),
     encoded(b"9" * 10_000)],
    ids=lambda payload: payload[:20].decode(),
)  # fmt: skip
def test_bad_payloads(payload):
    """They are signed, but a serializer didn't make them."""
    for make, reader in (
        (signing.Signer, signing.URLSafeSerializer),
        (signing.TimestampSigner, signing.URLSafeTimedSerializer),
    ):
        token = make(SECRET, PURPOSE).sign(payload)
        with pytest.raises(signing.BadPayload) as caught:
            reader(SECRET, PURPOSE).loads(token)
        assert not isinstance(caught.value, signing.BadSignature)
        assert caught.value.__cause__ is caught.value.original_error
    with pytest.raises(itsdangerous.BadPayload):
        theirs("URLSafeSerializer")[1](signing.Signer(SECRET, PURPOSE).sign(payload))


@compats
@classes
def test_salt(name, compat):
    """salt is itsdangerous' name for the purpose."""
    token = ours(name, compat=compat)[0]("v")
    made = OURS[name](SECRET, salt=PURPOSE, compat=compat)
    assert (made.dumps if "Serializer" in name else made.sign)("v") == token
    for both in ((SECRET, PURPOSE), (SECRET, b"another")):
        with pytest.raises(TypeError, match="purpose and salt are names of the same"):
            OURS[name](*both, salt=PURPOSE)
    with pytest.raises(ValueError, match="purpose must not be empty"):
        OURS[name](SECRET, salt="")
    with pytest.raises(TypeError, match="purpose must be bytes or str, not NoneType"):
        OURS[name](SECRET, salt=None)


class Reversed:
    """JSON in reverse: a serializer whose dumps() returns str."""

    @staticmethod
    def dumps(obj):
        return json.dumps(obj)[::-1]

    @staticmethod
    def loads(text):
        assert type(text) is str
        return json.loads(text[::-1])


@compats
@pytest.mark.parametrize("name", ["URLSafeSerializer", "URLSafeTimedSerializer"])
@pytest.mark.parametrize("serializer", [json, pickle, Reversed, Reversed()], ids=["json", "pickle", "class", "object"])
def test_serializers_of_ones_own(name, compat, serializer):
    """The tokens are itsdangerous' with the same serializer, short and compressed."""
    mine = OURS[name](SECRET, PURPOSE, serializer=serializer, compat=compat)
    signer = TheirClock if "Timed" in name else itsdangerous.Signer
    other = getattr(itsdangerous, name)(
        SECRET, salt=PURPOSE, serializer=serializer, signer=signer, signer_kwargs=THEIR_WAY[compat]
    )
    for obj in ({"a": ["é", 1, None]}, "a" * 1000):
        assert mine.dumps(obj) == as_bytes(other.dumps(obj)).decode()  # theirs returns bytes if the serializer does
        assert mine.loads(other.dumps(obj)) == other.loads(mine.dumps(obj)) == obj


def test_serializers_that_fail():
    """Anything that loads() raises for a signed payload is BadPayload, except MemoryError. loads() never sees a payload that
    was not signed for this purpose. dumps() must return bytes or str."""

    class Failing:
        error = KeyError("x")

        def dumps(self, obj):
            return obj

        def loads(self, data):
            raise self.error

    mine = signing.URLSafeSerializer(SECRET, PURPOSE, serializer=(failing := Failing()))
    token = mine.dumps(b"data")
    for error in (KeyError("x"), pickle.UnpicklingError(), EOFError(), RecursionError()):
        failing.error = error
        with pytest.raises(signing.BadPayload, match="^Payload is not what the serializer makes$") as caught:
            mine.loads(token)
        assert caught.value.original_error is error
    for error in (MemoryError(), KeyboardInterrupt()):
        failing.error = error
        with pytest.raises(type(error)):
            mine.loads(token)
    with pytest.raises(signing.BadSignature):
        mine.loads(signing.URLSafeSerializer(SECRET, "another", serializer=failing).dumps(b"data"))
    for bad in (5, None, [b"x"]):
        with pytest.raises(TypeError, match="what the serializer's dumps.. gives must be bytes or str"):
            mine.dumps(bad)
    with pytest.raises(AttributeError):
        signing.URLSafeSerializer(SECRET, PURPOSE, serializer=5)


# -- Flask --


@pytest.fixture
def flask():
    return pytest.importorskip("flask", reason="NOT TESTED: Flask, whose sessions gorandom.compat.flask keeps, is not installed")


def application(flask, interface=None, **config):
    app = flask.Flask("tests")
    app.secret_key = config.pop("secret_key", "a secret of the tests")
    app.config.update(config)
    if interface is not None:
        app.session_interface = interface

    @app.get("/set")
    def set_session():
        flask.session.update(user=5, when=datetime(2030, 1, 2, tzinfo=timezone.utc), pair=(1, b"\xff"), long="a" * 500)
        flask.session.permanent = True
        return "set"

    @app.get("/get")
    def get_session():
        return repr(dict(flask.session))

    return app


def cookie_of(app):
    client = app.test_client()
    client.get("/set")
    return client.get_cookie("session").value


def session_in(app, cookie):
    client = app.test_client()
    client.set_cookie("session", cookie)
    response = client.get("/get")
    assert response.status_code == 200
    return response.text


def test_flask_keeps_its_sessions(flask, monkeypatch):
    """The cookies equal Flask's to the byte, both ways, with Flask's own types, old secrets and altered cookies."""
    from gorandom.compat.flask import SessionInterface

    monkeypatch.setattr(signing.time, "time", lambda: NOW)  # also itsdangerous'
    theirs, ours = application(flask), application(flask, SessionInterface())
    cookie = cookie_of(theirs)
    assert cookie_of(ours) == cookie
    assert session_in(ours, cookie) == session_in(theirs, cookie) != "{}"
    for wrong in (cookie[:-1], cookie + "A", "x" + cookie, "", "é", "..."):
        assert session_in(ours, wrong) == "{}"
    # Rotated secrets.
    for old, good in ((["a secret of the tests"], True), (["another"], False), ([], False), (None, False)):
        app = application(flask, SessionInterface(), secret_key="the new one", SECRET_KEY_FALLBACKS=old)
        assert (session_in(app, cookie) != "{}") is good
    # Flask would take this for a list of one-letter secrets, each of which would verify.
    with pytest.raises(TypeError, match="old_secrets must be a list"):
        session_in(application(flask, SessionInterface(), TESTING=True, SECRET_KEY_FALLBACKS="a secret"), cookie)
    # Only the newest secret signs.
    rotated = application(flask, SessionInterface(), secret_key="the new one", SECRET_KEY_FALLBACKS=["a secret of the tests"])
    assert session_in(application(flask, secret_key="the new one"), cookie_of(rotated)) != "{}"
    # Too old.
    monkeypatch.setattr(signing.time, "time", lambda: NOW + 31 * 24 * 3600 + 1)
    assert session_in(ours, cookie) == session_in(theirs, cookie) == "{}"
    # Without a secret there is no session.
    assert application(flask, SessionInterface(), secret_key=None).test_client().get("/get").text == "{}"


def test_flask_with_sha256(flask, monkeypatch):
    from gorandom.compat.flask import SessionInterface

    class Ours(SessionInterface):
        compat, salt = None, "another salt"

    class Theirs(flask.sessions.SecureCookieSessionInterface):
        digest_method, salt = staticmethod(hashlib.sha256), "another salt"

    monkeypatch.setattr(signing.time, "time", lambda: NOW)
    cookie = cookie_of(application(flask, Theirs()))
    assert cookie_of(application(flask, Ours())) == cookie
    assert session_in(application(flask, Ours()), cookie) != "{}" == session_in(application(flask, SessionInterface()), cookie)


@pytest.mark.parametrize("choice", [{"digest_method": staticmethod(hashlib.sha256)}, {"key_derivation": "django-concat"}])
def test_flask_digests_are_not_passed_over(flask, choice):
    """A subclass for Flask's own interface that asked for SHA-256 would silently get SHA-1 here."""
    from gorandom.compat.flask import SessionInterface

    chosen = type("Chosen", (SessionInterface,), choice)()
    with pytest.raises(ValueError, match="set compat instead"):
        application(flask, chosen, TESTING=True).test_client().get("/get")


# -- Time --


@compats
@pytest.mark.parametrize(
    "age, max_age, good",
    [
        (0, 0, True), (1, 0, False), (0, -0.0, True), (0, 1, True), (1, 1, True), (2, 1, False),
        (59, 60, True), (60, 60, True), (61, 60, False), (60, 59.9, False), (60, 60.1, True), (61, 60.9, False),
        (0, -1, False), (1, -1, False), (-1, 60, False), (-1, -1, False), (-1, -5, False), (-60, 60, False),
        (NOW, NOW, True), (NOW, NOW - 1, False), (60, float("inf"), True), (-1, float("inf"), False),
        (60, None, True), (-60, None, True), (NOW, None, True),
    ],
)  # fmt: skip
def test_expiry(clock, compat, age, max_age, good):
    tokens = {name: ours(name, compat=compat)[0]("v") for name in ("TimestampSigner", "URLSafeTimedSerializer")}
    signed = datetime.fromtimestamp(NOW, timezone.utc)
    clock(NOW + age)
    for name, token in tokens.items():
        payload = token.rsplit("." if isinstance(token, str) else b".", 2)[0]
        for _, read in (ours(name, compat=compat), theirs(name, compat=compat)):
            if good:
                assert as_bytes(read(token, max_age=max_age)) == b"v"
                value, date = read(token, max_age=max_age, return_timestamp=True)
                assert (as_bytes(value), date, date.tzinfo) == (b"v", signed, timezone.utc)
                continue
            with pytest.raises((signing.SignatureExpired, itsdangerous.SignatureExpired)) as caught:
                read(token, max_age=max_age)
            assert caught.value.payload == as_bytes(payload) and caught.value.date_signed == signed
            if caught.type is signing.SignatureExpired:
                assert str(caught.value) == f"Signature age {age} {'< 0' if age < 0 else f'> {max_age}'} seconds"
    assert Clock(SECRET, PURPOSE, compat=compat).validate(tokens["TimestampSigner"], max_age) is good


def test_max_age_is_a_number(clock):
    """Every comparison with NaN is false. A check for "too old", instead of "young enough", would accept it."""
    token = Clock(SECRET, PURPOSE).sign("v")
    clock(NOW + 1)
    assert theirs("TimestampSigner")[1](token, max_age=float("nan")) == b"v"
    with pytest.raises(signing.SignatureExpired):
        Clock(SECRET, PURPOSE).unsign(token, float("nan"))
    for bad in ("60", b"60", [60], 1j, object()):
        for t in (token, b"not even a token"):
            with pytest.raises(TypeError, match="max_age must be a number of seconds or a timedelta"):
                Clock(SECRET, PURPOSE).unsign(t, bad)
            with pytest.raises(TypeError, match="max_age must be a number of seconds or a timedelta"):
                Clock(SECRET, PURPOSE).validate(t, bad)
            with pytest.raises(TypeError, match="max_age must be a number of seconds or a timedelta"):
                ClockedSerializer(SECRET, PURPOSE).loads(t, bad)


@compats
@pytest.mark.parametrize("age", [-61, -60, -1, 0, 59, 60, 61, 119, 120, 121])
@pytest.mark.parametrize("max_age", [0, 60, 60.5, float("inf"), -1])
@pytest.mark.parametrize("leeway", [0, 60, 60.25])
def test_timedeltas_and_leeway(clock, compat, age, max_age, leeway):
    """A leeway moves both bounds. A timedelta counts as its seconds, in either place and in each function."""
    signer, serializer = Clock(SECRET, PURPOSE, compat=compat), ClockedSerializer(SECRET, PURPOSE, compat=compat)
    token, text = signer.sign("v"), serializer.dumps("v")
    clock(NOW + age)
    good = -leeway <= age <= max_age + leeway
    spans = [max_age] if max_age == float("inf") else [max_age, timedelta(seconds=max_age)]
    for limit, spare in itertools.product(spans, [leeway, timedelta(seconds=leeway)]):
        assert signer.validate(token, limit, leeway=spare) is good
        if good:
            assert signer.unsign(token, limit, leeway=spare) == b"v"
            assert serializer.loads(text, limit, leeway=spare) == "v"
            continue
        for read, one in ((signer.unsign, token), (serializer.loads, text)):
            with pytest.raises(signing.SignatureExpired) as caught:
                read(one, limit, leeway=spare)
            bound = f"< {0 - leeway}" if age < -leeway else f"> {max_age}" + (f" + {leeway}" if leeway else "")
            assert caught.value.message.replace(".0 ", " ") == f"Signature age {age} {bound} seconds"


@pytest.mark.parametrize("option", ["max_age", "leeway", "return_timestamp", "salt"])
def test_what_knows_no_time_takes_none(option):
    """itsdangerous' loads() ignores unknown keyword arguments: a token that was meant to expire never did."""
    signer, serializer = signing.Signer(SECRET, PURPOSE), signing.URLSafeSerializer(SECRET, PURPOSE)
    for call, token in ((serializer.loads, serializer.dumps("v")), (signer.unsign, signer.sign("v")), (signer.validate, b"v")):
        with pytest.raises(TypeError, match=f"unexpected keyword argument '{option}'"):
            call(token, **{option: 0})


def test_edges_of_time(clock):
    """Numbers that Python refuses to print, microseconds, and invalid leeways."""
    signer = Clock(SECRET, PURPOSE)
    token = signer.sign("v")
    clock(NOW + 60)
    assert signer.validate(token, timedelta(seconds=60)) and not signer.validate(token, timedelta(seconds=60, microseconds=-1))
    assert signer.validate(token, timedelta.max) and signer.validate(token, 10**5000)
    for limit in (-(10**5000), timedelta.min, float("-inf")):
        for leeway in (0, 1, 0.5):
            with pytest.raises(signing.SignatureExpired, match="Signature age 60 > -"):
                signer.unsign(token, limit, leeway=leeway)
    assert signer.validate(token, None, leeway=5)
    for bad in (-1, -0.5, timedelta(-1), float("nan"), float("inf"), 10**5000, -(10**5000), timedelta.max):
        for max_age in (None, 60):
            with pytest.raises(ValueError, match="^leeway must be between 0 and 253402300799 seconds$"):
                signer.unsign(token, max_age, leeway=bad)
    for bad in ("60", None, 1j):
        with pytest.raises(TypeError, match="leeway must be a number of seconds or a timedelta"):
            signer.unsign(token, 60, leeway=bad)


@compats
@pytest.mark.parametrize("now", [0, 1, 255, 256, 2**31 - 1, 2**31, 2**32, NOW, signing.LAST_TIMESTAMP])
def test_times(clock, compat, now):
    clock(now)
    for name in ("TimestampSigner", "URLSafeTimedSerializer"):
        token = ours(name, compat=compat)[0]("v")
        assert token == theirs(name, compat=compat)[0]("v")
        value, date = ours(name, compat=compat)[1](token, 0, return_timestamp=True)
        assert as_bytes(value) == b"v" and date == datetime.fromtimestamp(now, timezone.utc)
        assert date == theirs(name, compat=compat)[1](token, 0, return_timestamp=True)[1]


def test_wrong_clocks(clock):
    signer = Clock(SECRET, PURPOSE)
    token = signer.sign("v")
    for now, error in [
        (-1, ValueError),
        (signing.LAST_TIMESTAMP + 1, ValueError),
        (1.5, TypeError),
        (None, TypeError),
        ("1", TypeError),
    ]:
        clock(now)
        with pytest.raises(error):
            signer.sign("v")
        with pytest.raises(error):
            signer.unsign(token, 60)
    # itsdangerous makes a token there, and can't read it either.
    clock(signing.LAST_TIMESTAMP + 1)
    token = theirs("TimestampSigner")[0]("v")
    with pytest.raises(ValueError):
        theirs("TimestampSigner")[1](token, return_timestamp=True)
    with pytest.raises(signing.BadTimeSignature, match="Malformed timestamp") as caught:
        signer.unsign(token)
    assert caught.value.payload == b"v"


def test_one_type_for_another():
    """One purpose is used for two classes, against the documentation's advice."""
    plain, timed = signing.Signer(SECRET, PURPOSE), Clock(SECRET, PURPOSE)
    with pytest.raises(signing.BadTimeSignature, match="No timestamp in the token") as caught:
        timed.unsign(plain.sign("v"))
    assert caught.value.payload == b"v" and caught.value.date_signed is None
    for stamp in (b"*", b"A", b"AB", b"ZVPxAA=", b"AGVT8QA", b"_" * 11, b"A" * 100):
        with pytest.raises(signing.BadTimeSignature, match="Malformed timestamp") as caught:
            timed.unsign(plain.sign(b"v." + stamp))
        assert caught.value.payload == b"v" and caught.value.date_signed is None
        assert not timed.validate(plain.sign(b"v." + stamp))
    # In the opposite direction the time is a part of the value, as in itsdangerous.
    token = timed.sign("v")
    assert plain.unsign(token) == theirs("Signer")[1](token) == token.rpartition(b".")[0]
    with pytest.raises(signing.BadTimeSignature):
        ClockedSerializer(SECRET, PURPOSE).loads(signing.URLSafeSerializer(SECRET, PURPOSE).dumps({"a": 1}))
    with pytest.raises(signing.BadPayload):
        signing.URLSafeSerializer(SECRET, PURPOSE).loads(ClockedSerializer(SECRET, PURPOSE).dumps({"a": 1}))


# -- What a signer keeps and shows --


def reachable(obj):
    """Return everything reachable from it, except through types, functions and modules, which lead everywhere."""
    found, left = {}, [obj]
    while left:
        one = left.pop()
        if id(one) not in found and not isinstance(
            one, (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
        ):
            found[id(one)] = one
            left += gc.get_referents(one)
    return list(found.values())


@pytest.mark.native("memory of its own for keys, out of Python's reach")
@classes
@compats
def test_keeps_and_shows_no_secret(name, compat):
    secret, old = b"".join([SECRET, b"!"]), "".join(["an old secret", "!"])
    made = OURS[name](secret, PURPOSE, old_secrets=[old], compat=compat)
    keys = [hmac.digest(as_bytes(s), PURPOSE.encode(), "sha256") for s in (secret, old)]
    keys += [hashlib.sha1(PURPOSE.encode() + b"signer" + as_bytes(s)).digest() for s in (secret, old)]
    found = reachable(made)
    assert len(found) > 2
    for one in found:
        if isinstance(one, (bytes, bytearray, str)):
            assert as_bytes(one) not in (secret, as_bytes(old), *keys)
        for text in (repr(one), str(one)):
            assert "secret" not in text and not any(key.hex() in text or repr(key) in text for key in keys)


@classes
def test_neither_pickled_nor_copied(name):
    made = OURS[name](SECRET, PURPOSE)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="cannot pickle or copy"):
            pickle.dumps(made, protocol)
    with pytest.raises(TypeError, match="cannot pickle or copy"):
        copy.copy(made)
    with pytest.raises(TypeError, match="cannot pickle or copy"):
        copy.deepcopy({"in": made})


def test_exceptions():
    """They have itsdangerous' names and hierarchy. They can be pickled, as a worker's exceptions must be."""
    for name in ("BadData", "BadPayload", "BadSignature", "BadTimeSignature", "SignatureExpired"):
        mine, other = getattr(signing, name), getattr(itsdangerous, name)
        assert [c.__name__ for c in mine.__mro__] == [c.__name__ for c in other.__mro__]
    date = datetime.fromtimestamp(NOW, timezone.utc)
    for error in (
        signing.BadData("m"), signing.BadPayload("m", ValueError("x")), signing.BadSignature("m", b"p"),
        signing.BadTimeSignature("m", b"p", date), signing.SignatureExpired("m", payload=b"p", date_signed=date),
    ):  # fmt: skip
        again = pickle.loads(pickle.dumps(error))
        assert (
            type(again) is type(error) and str(again) == again.message == "m" and repr(vars(again)) == repr(vars(error))
        )


def test_names():
    assert sorted(signing.__all__) == signing.__all__
    for name in signing.__all__:
        assert getattr(signing, name).__doc__ and getattr(signing, name).__module__ == "gorandom.signing"


def test_subclasses():
    class Hex(signing.Signer):
        def __init__(self, secret):
            super().__init__(bytes.fromhex(secret), "hex")

        def sign(self, value):
            return super().sign(value).hex()

        def unsign(self, token):
            return super().unsign(bytes.fromhex(token))

    signer = Hex(SECRET.hex())
    assert signer.unsign(signer.sign("v")) == b"v" and signer.validate(signer.sign("v"))
    assert not signer.validate("00")
    assert signing.Signer(SECRET, "hex").unsign(bytes.fromhex(signer.sign("v"))) == b"v"


# -- Threads and forks --


@compats
def test_threads(compat):
    signer = signing.Signer(SECRET, PURPOSE, old_secrets=["old"], compat=compat)
    everything = [b"%d" % i * (i % 7 + 1) for i in range(2000)]
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(signer.sign, everything, chunksize=1))
        assert tokens == [signing.Signer(SECRET, PURPOSE, compat=compat).sign(value) for value in everything]
        assert list(pool.map(signer.unsign, tokens, chunksize=1)) == everything


@linux
@starts
def test_forks(start):
    """One signer, made before the forks, is used in the parent, children and grandchildren, alone and with threads."""
    found = run(PROGRAMS / "signing_forks.py", start)
    assert found == [True, 25, True]
