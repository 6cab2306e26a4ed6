"""contractops: an operator that owns the contract lifecycle of a telecom or ISP. It flags, prepares and routes.

Rule: LangGraph reads its strictness once, when it is first imported; so it is set here, before anything of ours can load it.
"""

import os

os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"
