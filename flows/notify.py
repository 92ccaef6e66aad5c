"""Tell a webhook when a run fails and what the gate decides: the automations of deploy/.

    python -m flows.notify https://hooks.slack.com/services/...

Keeps the address in a block of Prefect's server and makes the automations of
deploy/automations.yaml with it, or brings those of the same names up to date. Any address that
takes a POST of JSON with a `text` will do: Slack, Mattermost, a server of your own.
"""
# No `from __future__ import annotations`, as in the other modules that import Prefect.

import argparse
import sys
from urllib.parse import urlsplit

import yaml
from prefect.automations import Automation
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client

from flows._stages import ROOT

FILE = ROOT / "deploy" / "automations.yaml"
BLOCK = "oorl-notifications"


def notify(url: str) -> list[str]:
    """Make or update block and automations on the server; the automations' names."""
    block = CustomWebhookNotificationBlock(
        name=BLOCK, url=url, headers={}, cookies={}, json_data={"text": "{{subject}}\n{{body}}"})
    identity = str(block.save(BLOCK, overwrite=True))
    text = FILE.read_text(encoding="utf-8").replace("${BLOCK}", identity)
    wanted = [Automation.model_validate(one) for one in yaml.safe_load(text)["automations"]]
    with get_client(sync_client=True) as client:
        there = {one.name: one.id for one in client.read_automations()}
    for automation in wanted:
        if automation.name in there:
            automation.id = there[automation.name]
            automation.update()
        else:
            automation.create()
    return [automation.name for automation in wanted]


def main(arguments: list[str]) -> int:
    """Make them and say so."""
    parser = argparse.ArgumentParser(prog="python -m flows.notify",
                                     description=(__doc__ or "").split("\n")[0])
    parser.add_argument("url", help="takes a POST of JSON with a `text`")
    url = parser.parse_args(arguments).url
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        parser.error(f"{url}: not an address of the web; write https://...")
    for name in notify(url):
        print(f"made or updated: {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
