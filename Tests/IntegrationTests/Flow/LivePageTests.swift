// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite("The live page", .timeLimit(.minutes(15)))
  struct LivePageTests {
    @Test("Chromium shows readings as they are published")
    func showsReadings() async throws {
      let stack = try await SharedStack.stack()
      let screenshot = FileManager.default.temporaryDirectory.appending(
        path: "traksense-live-page.png")
      try? FileManager.default.removeItem(at: screenshot)  // May be there from the last run.
      let person = try await stack.createUser("watcher")
      let browser = try await stack.python(
        "browser.py",
        [
          Tool.named("chromium").path, "http://umc.localhost:\(stack.server.httpPort)/",
          stack.freshLog("chromium-profile"), screenshot.path,
          Self.signIn(person),
          "document.body.dataset.state === 'live'",
          Self.card(showing: "33.25"),
          Self.card(showing: "34.50"),
          Self.chooseMetric("Temp return"),
          """
          window.Dygraph ? document.querySelectorAll('#chart canvas').length > 0
            : document.querySelectorAll('#rows tr').length > 1
          """,
          "document.getElementById('tenant').textContent === 'UMC'",
          "document.getElementById('who').textContent === '\(person.username)'",
        ])
      // History is shown as well as what comes live.
      try await browser.waitFor("'live'")
      for (ago, value) in [(30_000, "33.25"), (20_000, "33.75"), (10_000, "34.5")] {
        var sample = Sample(ago: ago)
        (sample.device, sample.sensor) = ("ESP32-03", "temp_002")
        sample.value = value
        try await stack.publish(sample)
        // The next one comes when this one has been seen.
        if value == "33.25" { try await browser.waitFor("33.25") }
      }
      let facts = try await browser.result(Screenshot.self)
      // Before signing in: the stream, the question why it failed, and the try to renew a session.
      let complaints = facts.errors.filter { !$0.contains("401 (Unauthorized)") }
      #expect(complaints == [], "what the page complained about")
      #expect(facts.errors.count <= 3, "\(facts.errors)")
      let image = try Data(contentsOf: screenshot)
      #expect(image.starts(with: [0x89, 0x50, 0x4E, 0x47]) && image.count > 20_000)
      print("screenshot: \(screenshot.path)")
    }

    /// Fills the form in, once it is shown.
    private static func signIn(_ person: Person) -> String {
      """
      document.body.dataset.state === 'signed-out' && (() => {
        document.getElementById('user').value = '\(person.email)';
        document.getElementById('password').value = '\(person.password)';
        document.getElementById('sign-in').requestSubmit();
        return true;
      })()
      """
    }

    /// The sensor's card shows a value.
    private static func card(showing value: String) -> String {
      """
      [...document.querySelectorAll('#cards > *')].some((card) =>
        card.textContent.includes('ESP32-03') && card.textContent.includes('\(value)'))
      """
    }

    /// Shows a metric in the chart, and in its legend the sensor that was published.
    private static func chooseMetric(_ title: String) -> String {
      """
      [...document.querySelectorAll('#metrics button')]
        .filter((button) => button.textContent.startsWith('\(title)'))
        .map((button) => button.click())
        .length === 1 && document.getElementById('legend').textContent.includes('ESP32-03')
      """
    }

    private struct Screenshot: Decodable {
      let errors: [String]
    }
  }
}
