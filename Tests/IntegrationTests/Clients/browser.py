# SPDX-License-Identifier: Apache-2.0
"""Opens a page in headless Chromium over its debugging pipe and waits for what is asked for.

Usage: browser.py CHROMIUM URL PROFILE SCREENSHOT EXPRESSION...
Prints {"event": "true", "value", "expression"} as each JavaScript expression in turn becomes truthy,
then writes a screenshot and prints {"event": "screenshot", "errors": […]} with what the page complained about.
"""
import json
import base64
import os
import subprocess
import sys
import time

chromium, url, profile, screenshot, *expressions = sys.argv[1:]
to_browser, ours_out = os.pipe()
ours_in, from_browser = os.pipe()


def wire():
    # Chromium reads commands from descriptor 3 and answers on 4.
    read, write = os.dup(to_browser), os.dup(from_browser)
    os.dup2(read, 3)
    os.dup2(write, 4)


browser = subprocess.Popen(
    [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
     "--no-first-run", "--disable-extensions", "--disable-background-networking",
     f"--user-data-dir={profile}", "--window-size=1280,900", "--remote-debugging-pipe", "about:blank"],
    preexec_fn=wire, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
os.close(to_browser)
os.close(from_browser)
answers = os.fdopen(ours_in, "rb")
errors, buffered, number = [], b"", 0


def complain(text):
    errors.append(text)
    print(json.dumps({"event": "error", "text": text}), flush=True)


def receive():
    global buffered
    while b"\0" not in buffered:
        chunk = os.read(answers.fileno(), 65_536)
        if not chunk:
            raise SystemExit("chromium has ended")
        buffered += chunk
    message, buffered = buffered.split(b"\0", 1)
    return json.loads(message)


def call(method, session=None, **parameters):
    global number
    number += 1
    command = {"id": number, "method": method, "params": parameters}
    if session:
        command["sessionId"] = session
    os.write(ours_out, json.dumps(command).encode() + b"\0")
    while True:
        message = receive()
        if message.get("method") == "Runtime.exceptionThrown":
            details = message["params"]["exceptionDetails"]
            complain(details.get("exception", {}).get("description", details["text"]))
        elif message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            complain(message["params"]["entry"]["text"])
        elif message.get("id") == number:
            if "error" in message:
                raise SystemExit(f"{method}: {message['error']}")
            return message["result"]


try:
    target = call("Target.createTarget", url="about:blank")["targetId"]
    session = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Log"):
        call(domain + ".enable", session)
    call("Page.navigate", session, url=url)
    for expression in expressions:
        while True:
            result = call("Runtime.evaluate", session, expression=expression, returnByValue=True)
            value = result["result"].get("value")
            if value:
                break
            time.sleep(0.1)
        print(json.dumps({"event": "true", "expression": expression, "value": value}), flush=True)
    # The page draws at most twice a second.
    time.sleep(0.6)
    image = call("Page.captureScreenshot", session, format="png")["data"]
    with open(screenshot, "wb") as file:
        file.write(base64.b64decode(image))
    print(json.dumps({"event": "screenshot", "errors": errors}), flush=True)
finally:
    browser.kill()
    browser.wait()
