"""Late imports come from files of the same version. Run by test_upgrade.py."""

from upgrade_steps import draw, fork, harm

import gorandom

draw()
harm()
print(gorandom.uuid4().version, gorandom.status().mode)
draw()
fork(1)
