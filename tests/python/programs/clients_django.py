"""Django draws from gorandom.secrets: test_clients.py runs this."""

import sys

import gorandom.secrets

sys.modules["secrets"] = gorandom.secrets
from django.utils import crypto  # noqa: E402

assert crypto.secrets is gorandom.secrets
from django.conf import settings  # noqa: E402
from django.core.management.utils import get_random_secret_key  # noqa: E402

settings.configure(
    SECRET_KEY=get_random_secret_key(), PASSWORD_HASHERS=["django.contrib.auth.hashers.ScryptPasswordHasher"]
)
from django.contrib.auth.hashers import check_password, make_password  # noqa: E402
from django.core import signing  # noqa: E402
from django.middleware import csrf  # noqa: E402

letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
drawn = [crypto.get_random_string(22) for _ in range(2000)]
assert len(set(drawn)) == 2000 and set("".join(drawn)) == set(letters)
assert crypto.get_random_string(50, "ab").strip("ab") == "" and crypto.get_random_string(0) == ""
one, two = make_password("password"), make_password("password")
assert one != two and check_password("password", one) and not check_password("other", two)
assert signing.loads(signing.dumps({"a": 1})) == {"a": 1}
assert csrf._get_new_csrf_string() != csrf._get_new_csrf_string()
assert crypto.constant_time_compare("a", "a") and not crypto.constant_time_compare("a", "b")
print("sound")
