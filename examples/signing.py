"""One secret, three kinds of token; a link that expires; a secret that is replaced while its tokens are in use."""

import gorandom
from gorandom import signing

secret = gorandom.get_random_bytes(32)  # a real program stores it, outside its code

# Each purpose has its own key, so a token for one is refused for the other.
unsubscribe = signing.Signer(secret, "unsubscribe")
confirm = signing.Signer(secret, "confirm-address")
token = unsubscribe.sign("ada@example.org")
print("a token:           ", token.decode())
assert unsubscribe.unsign(token) == b"ada@example.org"
assert not confirm.validate(token)
assert not unsubscribe.validate(token.replace(b"ada", b"eve"))

# Anything that JSON can represent, in a cookie. Anybody can read it, but nobody can change it.
session = signing.URLSafeSerializer(secret, "session")
print("a cookie:          ", session.dumps({"user": 17, "roles": ["editor"]}))
assert session.loads(session.dumps({"user": 17})) == {"user": 17}


class Clock(signing.TimestampSigner):
    """A clock that stands still, so that this program need not wait. Real programs use TimestampSigner itself."""

    now = 1_700_000_000

    def get_timestamp(self):
        return self.now


reset = Clock(secret, "reset-password")
link = reset.sign("ada@example.org")
print("one that expires:  ", link.decode())
Clock.now += 3600
assert reset.unsign(link, max_age=3600) == b"ada@example.org"
Clock.now += 1
try:
    reset.unsign(link, max_age=3600)
except signing.SignatureExpired as error:
    print("an hour later:     ", error)
else:
    raise SystemExit("an old link was taken")

# A new secret signs, and the old one still verifies until its tokens are no longer in use.
rotated = signing.Signer(gorandom.get_random_bytes(32), "unsubscribe", old_secrets=[secret])
assert rotated.unsign(token) == b"ada@example.org"
assert not unsubscribe.validate(rotated.sign("ada@example.org"))
print("after the rotation:", rotated.sign("ada@example.org").decode())

# Programs with itsdangerous read and make the same tokens: itsdangerous.Signer(secret, salt="unsubscribe",
# key_derivation="hmac", digest_method=hashlib.sha256) Its SHA-1 defaults are used only on request:
old_program = signing.Signer("secret-key", "itsdangerous.Signer", compat="itsdangerous")
assert old_program.unsign("my string.wh6tMHxLgJqB6oY1uT73iMlyrOA") == b"my string"  # from its documentation
