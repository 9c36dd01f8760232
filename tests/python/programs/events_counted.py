"""Events given before the core starts are kept for it, and each is counted: test_api_events.py runs this."""

import gorandom

for i in range(3):
    gorandom.add_event(b"early", i)
assert gorandom.status().mode == "direct" and gorandom.status().events == 0
gorandom.get_random_bytes(16)
delivered = gorandom.status().events
reseeds = gorandom.status().reseeds
for i in range(300):
    gorandom.add_event(bytes([i % 256]) * 32, i % 256)
print(delivered, gorandom.status().events - delivered, gorandom.status().reseeds - reseeds)
