// SPDX-License-Identifier: Apache-2.0
"use strict";

// Who looks at the page. The tokens are in cookies that no script can read; this one only knows whether the
// server takes them.

/** A session renewed a moment ago that is refused again will not get better, in ms. */
const RENEWAL_PAUSE = 10e3;
let renewal = null;
let renewedAt = 0;

async function post(path, body) {
  return fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
}

/** Asks for a new access token; all who ask at the same time share one answer. */
function renewSession() {
  if (Date.now() - renewedAt < RENEWAL_PAUSE) return Promise.resolve(false);
  renewal ||= post("/auth/token/refresh/", {})
    .then((response) => {
      if (response.ok) renewedAt = Date.now();
      return response.ok;
    })
    .catch(() => false)
    .finally(() => { renewal = null; });
  return renewal;
}

/** Fetches; when the access token is over, renews the session and fetches again. */
async function fetchSignedIn(address, options = {}) {
  const response = await fetch(address, options);
  if (response.status !== 401 || !await renewSession()) return response;
  return fetch(address, options);
}

async function signIn(event) {
  event.preventDefault();
  const button = $("sign-in-button");
  button.disabled = true;
  $("sign-in-problem").textContent = "";
  try {
    const body = { username_or_email: $("user").value, password: $("password").value };
    if (tenantParameter) body.tenant = tenantParameter;
    const response = await post("/auth/login/", body);
    if (response.ok) {
      $("password").value = "";
      renewedAt = 0;
      setState("connecting");
      connect();
    } else {
      $("sign-in-problem").textContent = await problemOf(response);
      $("password").select();
    }
  } catch {
    $("sign-in-problem").textContent = "The server cannot be reached.";
  } finally {
    button.disabled = false;
  }
}

async function problemOf(response) {
  const body = await response.json().catch(() => ({}));
  const problem = Object.values(body).flat()[0];
  const wait = response.headers.get("retry-after");
  return (problem || `HTTP ${response.status}`)
    + (response.status === 429 && wait ? ` Try again in ${wait} s.` : "");
}

async function signOut() {
  await post("/auth/logout/", {}).catch(() => null);
  // What was on the page was that person's.
  location.reload();
}

/** Shows whose session it is. */
async function showUser() {
  const response = await fetchSignedIn("/auth/me/").catch(() => null);
  if (!response || !response.ok) return;
  const user = await response.json();
  $("who").textContent = user.full_name || user.username;
  $("who").title = user.role || "";
  $("session").hidden = false;
}
