// SPDX-License-Identifier: Apache-2.0
"use strict";

// Signing in and out. The session is in cookies that scripts cannot see: what the page knows of it is
// whether the server answers.

/** The renewal that is under way, for all who wait for it: a token that is used twice ends the session. */
let renewal = null;

/** Asks for a new access token. @returns the answer's status. */
function renew() {
  renewal ??= post("/auth/refresh/", {})
    .then((response) => response.status)
    .finally(() => { renewal = null; });
  return renewal;
}

/** Reads, renewing the session once when it has run out; without one the page asks to sign in. */
async function read(address, options) {
  let response = await fetch(address, options);
  if (response.status !== 401) return response;
  const status = await renew();
  if (status >= 500) throw new Error("The session cannot be renewed at present.");
  if (status === 200) response = await fetch(address, options);
  if (response.status === 401) setState("signed-out");
  return response;
}

function post(path, body) {
  return fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
}

async function signIn(event) {
  event.preventDefault();
  const body = { username_or_email: $("username").value.trim(), password: $("password").value };
  if (tenantParameter) body.tenant = tenantParameter;
  $("sign-in-button").disabled = true;
  try {
    const response = await post("/auth/login/", body);
    if (response.ok) {
      $("password").value = "";
      $("sign-in-problem").textContent = "";
      setState("connecting");
      connect();
      return;
    }
    const problems = await response.json().catch(() => ({ detail: response.statusText }));
    $("sign-in-problem").textContent = Object.values(problems).flat().join(" ");
  } catch {
    $("sign-in-problem").textContent = "The server cannot be reached.";
  } finally {
    $("sign-in-button").disabled = false;
  }
}

/** The page starts anew, so that nothing of what was read stays. */
async function signOut() {
  try {
    const response = await post("/auth/logout/", {});
    if (!response.ok) throw new Error(response.statusText);
    location.reload();
  } catch {
    notify("Signing out failed. Try again.");
  }
}

$("sign-in-form").addEventListener("submit", signIn);
$("sign-out").addEventListener("click", signOut);
