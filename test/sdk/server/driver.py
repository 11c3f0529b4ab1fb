"""Makes RudderStack's or Segment's SDK for Python say what the lines on standard input ask for."""
import importlib
import json
import sys

kind, url, key, user_id, anonymous_id = sys.argv[1:]
module = "rudderstack.analytics.client" if kind == "rudderstack" else "segment.analytics.client"
failures = []
client = importlib.import_module(module).Client(key, host=url, on_error=lambda error, _: failures.append(str(error)))

for line in sys.stdin:
    asked = json.loads(line)
    for call in asked["calls"]:
        message = call["message"]
        ids = {"user_id": user_id if asked["isKnown"] else None}
        arguments = {"event": "event", "name": "name", "properties": "properties", "traits": "traits", "groupId": "group_id"}
        rest = {arguments[name]: value for name, value in message.items() if name in arguments}
        if call["type"] == "alias":
            rest["previous_id"] = message["previousId"]
        else:
            ids["anonymous_id"] = anonymous_id
        getattr(client, call["type"])(**ids, **rest)
    client.flush()
    print(json.dumps({"failures": failures}), flush=True)
