// SPDX-License-Identifier: Apache-2.0

import Foundation
import RESTBridge
import RPCRuntime
import Synchronization
import TestSupport
import Testing
import TrakSenseAPI

/// The live page in a real browser. Pictures are written to `$TRAKSENSE_SCREENSHOTS`, if that is set.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct PageTests {
  /// A small hospital wing.
  static let wing: [TraksenseV1.Series] = [
    ("ahu-2-01", "supply-temp", "temperature", "°C"),
    ("ahu-2-01", "return-temp", "temperature", "°C"),
    ("ahu-2-01", "fan-power", "active_power", "kW"), ("ahu-2-01", "filter-dp", "pressure", "Pa"),
    ("or-3", "room-temp", "temperature", "°C"), ("or-3", "humidity", "relative_humidity", "%"),
    ("or-3", "co2", "co2", "ppm"), ("chiller-1", "chw-supply", "temperature", "°C"),
    ("chiller-1", "compressor", "active_power", "kW"),
  ].enumerated().map { index, one in
    .init(
      seriesKey: Int64(index + 1), deviceID: one.0, sensorID: one.1, sensorType: one.2,
      unit: one.3)
  }

  private static let bases = [14.2, 23.1, 5.4, 118.0, 21.0, 48.0, 640.0, 6.6, 42.0]
  private static let swings = [0.5, 0.7, 0.6, 6.0, 0.5, 2.5, 55.0, 0.4, 6.0]

  /// A plausible value of a series at a time.
  static func value(_ key: Int64, at seconds: Double) -> Double {
    let index = Int(key) - 1
    let slow = sin(seconds / 700 + Double(index) * 1.7)
    let fast = sin(seconds / 47 + Double(index)) * 0.25
    let noise = sin(seconds * 12.9898 + Double(index) * 78.233) * 0.12
    return ((bases[index] + swings[index] * (slow + fast + noise)) * 100).rounded() / 100
  }

  static func now() -> Double { Date().timeIntervalSince1970 }

  /// An hour of readings, one every twenty seconds; the last sensor has been silent for 12 minutes.
  static func serviceWithPast() -> MemoryTelemetryService {
    let service = MemoryTelemetryService(series: wing)
    let end = now()
    for step in (1...180).reversed() {
      let time = end - Double(step) * 20
      let keys: ClosedRange<Int64> = step < 36 ? 1...8 : 1...9
      service.commit(keys.map { point($0, time) })
    }
    return service
  }

  static func point(_ key: Int64, _ time: Double) -> MemoryTelemetryService.Point {
    .init(key: key, timestamp: Int64(time * 1e6), value: value(key, at: time))
  }

  /// Commits a batch every 200 ms while `body` runs.
  static func producing(
    on service: MemoryTelemetryService, _ body: () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask {
        while !Task.isCancelled {
          let time = now()
          service.commit((1...8).map { point($0, time) })
          do { try await Task.sleep(for: .milliseconds(200)) } catch { return }
        }
      }
      defer { tasks.cancelAll() }
      try await body()
    }
  }

  static func save(_ picture: Data, _ name: String) throws {
    #expect(picture.count > 10_000)
    guard let directory = ProcessInfo.processInfo.environment["TRAKSENSE_SCREENSHOTS"] else {
      return
    }
    try picture.write(to: URL(fileURLWithPath: directory).appendingPathComponent("\(name).png"))
  }

  private static let isCharted =
    "document.querySelector('#chart canvas') !== null && document.querySelector('#chart canvas').width > 100"

  @Test(
    "the page shows the past and live readings of its host's tenant",
    arguments: [
      ("desktop-light", 1280, 800, false), ("desktop-dark", 1280, 800, true),
      ("phone-light", 390, 844, false), ("phone-dark", 390, 844, true),
    ])
  func livePage(name: String, width: Int, height: Int, isDark: Bool) async throws {
    try await BridgeFixture.run(service: Self.serviceWithPast()) { bridge in
      try await Self.producing(on: bridge.service) {
        try await Browser.run(width: width, height: height, isDark: isDark) { browser in
          try await browser.open("http://umc.localhost:\(bridge.port)/")
          try await browser.wait(for: "document.body.dataset.state === 'live'")
          try await browser.wait(for: "document.querySelectorAll('.card').length === 9")
          try await browser.wait(for: Self.isCharted)
          // The past is there: the sensor that sends no more has its last value and is marked late.
          try await browser.wait(
            for: "document.querySelectorAll('.card.late').length === 1")
          // So many points can only be history.
          try await browser.wait(
            for: "[...sensors.values()].every((sensor) => sensor.points.length > 120)")
          #expect(
            try await browser.evaluate("document.getElementById('tenant').textContent") == "UMC")
          // Live readings move the values on.
          let selector = "document.querySelector('.card[title=\"or-3 / co2\"] .value').textContent"
          let before = try await browser.evaluate(selector)
          #expect(Double(before.replacing(",", with: "")) != nil, "\(before)")
          try await browser.wait(for: "\(selector) !== '\(before)'")
          // No reading is kept twice.
          #expect(
            try await browser.evaluate(
              "[...sensors.values()].every((s) => new Set(s.points.map((p) => p[0])).size === s.points.length)"
            ) == "true")
          try Self.save(try await browser.screenshot(), name)
          #expect(browser.problems == [])
          #expect(
            try await browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
              == "true")
        }
      }
    }
  }

  @Test("choosing a metric changes the chart, and filtering the cards")
  func choosing() async throws {
    try await BridgeFixture.run(service: Self.serviceWithPast()) { bridge in
      try await Browser.run { browser in
        try await browser.open("http://umc.localhost:\(bridge.port)/")
        try await browser.wait(for: Self.isCharted)
        try await browser.wait(for: "document.querySelectorAll('#legend button').length === 4")
        _ = try await browser.evaluate(
          "[...document.querySelectorAll('#metrics button')].find((b) => b.textContent.includes('kW')).click()"
        )
        try await browser.wait(for: "document.querySelectorAll('#legend button').length === 2")
        _ = try await browser.evaluate(
          "(() => { const f = document.getElementById('filter'); f.value = 'or-3 co2'; f.dispatchEvent(new Event('input')); })()"
        )
        try await browser.wait(for: "document.querySelectorAll('.card').length === 1")
        #expect(browser.problems == [])
      }
    }
  }

  @Test("without the chart library the page shows a table and says why")
  func withoutChart() async throws {
    let configuration = RESTBridgeConfiguration(chartLibraryDirectory: "/nonexistent")
    try await BridgeFixture.run(
      service: Self.serviceWithPast(), configuration: configuration
    ) { bridge in
      try await Self.producing(on: bridge.service) {
        try await Browser.run { browser in
          try await browser.open("http://umc.localhost:\(bridge.port)/")
          try await browser.wait(for: "document.querySelectorAll('#rows tr').length > 8")
          let text = try await browser.evaluate("document.getElementById('table-panel').innerText")
          #expect(text.contains("libjs-dygraphs"))
          try Self.save(try await browser.screenshot(), "no-chart")
        }
      }
    }
  }

  @Test("a host without tenant says how to reach one, and ?tenant= works there")
  func noTenant() async throws {
    try await BridgeFixture.run(service: Self.serviceWithPast()) { bridge in
      try await Browser.run { browser in
        try await browser.open("http://localhost:\(bridge.port)/")
        try await browser.wait(for: "document.body.dataset.state === 'no-tenant'")
        try await browser.wait(for: "!document.getElementById('no-tenant').hidden")
        #expect(
          try await browser.evaluate("document.getElementById('example-host').href")
            == "http://umc.localhost:\(bridge.port)/")
        try Self.save(try await browser.screenshot(), "no-tenant")
        try await browser.open("http://localhost:\(bridge.port)/?tenant=umc")
        try await browser.wait(for: "document.body.dataset.state === 'live'")
        try await browser.wait(for: Self.isCharted)
      }
    }
  }

  @Test("an outage is shown as one and passes by itself; a broken stream resumes without a hole")
  func outage() async throws {
    try await BridgeFixture.run(service: Self.serviceWithPast()) { bridge in
      bridge.service.fail(with: RPCError(.unavailable, "The database does not answer."))
      try await Browser.run { browser in
        try await browser.open("http://umc.localhost:\(bridge.port)/")
        try await browser.wait(for: "document.body.dataset.state === 'failed'")
        try await browser.wait(
          for:
            "document.getElementById('failure').innerText.includes('The database does not answer.')"
        )
        #expect(try await browser.evaluate("document.getElementById('failure').hidden") == "false")
        try Self.save(try await browser.screenshot(), "outage")
        bridge.service.fail(with: nil)
        try await browser.wait(for: "document.body.dataset.state === 'live'")
        try await browser.wait(for: "sensors.size === 9 && !isLoadingPast")
        bridge.service.endSubscriptions()
        try await browser.wait(for: "document.body.dataset.state === 'reconnecting'")
        // Committed while nobody listens.
        let time = Self.now()
        bridge.service.commit([Self.point(7, time)])
        try await browser.wait(for: "document.body.dataset.state === 'live'")
        try await browser.wait(
          for:
            "[...sensors.values()].find((s) => s.id === 'co2').points.some((p) => p[0] === \(Int64(time * 1e3)))"
        )
      }
    }
  }

  @Test("a device that appears later is shown with its past")
  func newDevice() async throws {
    try await BridgeFixture.run(service: Self.serviceWithPast()) { bridge in
      bridge.service.announcedCount.withLock { $0 = 4 }
      try await Browser.run { browser in
        try await browser.open("http://umc.localhost:\(bridge.port)/")
        try await browser.wait(for: "sensors.size === 4 && !isLoadingPast")
        bridge.service.send(.series(.init(series: Array(Self.wing.dropFirst(4)))))
        try await browser.wait(for: "sensors.size === 9")
        try await browser.wait(
          for: "[...sensors.values()].every((sensor) => sensor.points.length > 120)")
      }
    }
  }

  @Test("the page asks to sign in, renews a session that has run out, and signs out")
  func signingIn() async throws {
    let service = Self.serviceWithPast()
    service.state.withLock { $0.neededToken = MemoryAccounts.tokens.accessToken }
    let configuration = RESTBridgeConfiguration(cookieSecure: false)
    try await BridgeFixture.run(service: service, configuration: configuration) { bridge in
      try await Browser.run { browser in
        try await browser.open("http://umc.localhost:\(bridge.port)/")
        try await browser.wait(for: "document.body.dataset.state === 'signed-out'")
        #expect(
          try await browser.evaluate("$('dashboard').hidden && $('session').hidden") == "true")
        try Self.save(try await browser.screenshot(), "sign-in")
        let submit = """
          (() => {
            $('user').value = 'own'; $('password').value = 'pw';
            $('sign-in-button').click();
          })()
          """
        // What is wrong is said.
        bridge.accounts.fail(with: RPCError(.unauthenticated, "Wrong name or password."))
        _ = try await browser.evaluate(submit)
        try await browser.wait(
          for: "$('sign-in-problem').textContent === 'Wrong name or password.'")
        bridge.accounts.fail(with: nil)
        _ = try await browser.evaluate(submit)
        try await browser.wait(for: "document.body.dataset.state === 'live'")
        try await browser.wait(for: "document.querySelectorAll('.card').length === 9")
        #expect(try await browser.evaluate("$('signed-out').hidden && $('password').value") == "")
        let login = try #require(
          bridge.accounts.record.calls.withLock { $0.last { $0.method == "Login" } })
        #expect(login.json.contains(#""username_or_email":"own","password":"pw""#))
        // Out of reach of scripts.
        #expect(try await browser.evaluate("document.cookie") == "")
        // The access token is no good any more, and a new one is had without asking.
        let refreshes = {
          bridge.accounts.record.calls.withLock { $0.count { $0.method == "Refresh" } }
        }
        let before = refreshes()
        bridge.service.state.withLock { $0.neededToken = "other" }
        bridge.service.endSubscriptions()
        try await eventually("the session is renewed") { refreshes() > before }
        bridge.service.state.withLock { $0.neededToken = MemoryAccounts.tokens.accessToken }
        _ = try await browser.evaluate("location.reload()")
        try await browser.wait(for: "document.body.dataset.state === 'live'")
        try await browser.wait(for: "!$('session').hidden")
        _ = try await browser.evaluate("$('sign-out').click()")
        try await browser.wait(for: "document.body.dataset.state === 'signed-out'")
        #expect(try await browser.evaluate("sensors.size") == "0")
      }
    }
  }

  @Test("a tenant without sensors is told so")
  func empty() async throws {
    try await BridgeFixture.run(service: MemoryTelemetryService(series: [])) { bridge in
      try await Browser.run { browser in
        try await browser.open("http://umc.localhost:\(bridge.port)/")
        try await browser.wait(for: "!document.getElementById('empty').hidden")
      }
    }
  }
}
