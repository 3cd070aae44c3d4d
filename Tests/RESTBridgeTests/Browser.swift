// SPDX-License-Identifier: Apache-2.0

import DevStack
import Foundation
import Synchronization
import TestSupport
import Testing

/// Headless Chromium, driven over its DevTools pipe: JSON messages that end with a zero byte.
final class Browser: Sendable {
  private struct State {
    var buffer = Data()
    var nextID = 1
    var waiting: [Int: CheckedContinuation<Data, any Error>] = [:]
    var problems: [String] = []
    var isClosed = false
  }

  private struct Closed: Error {}
  private struct Refused: Error { let message: String }

  private let process: Process
  private let input: FileHandle
  private let output: FileHandle
  private let state = Mutex(State())
  private let session = Mutex("")

  /// Errors that the page logged so far, refusals by its Content-Security-Policy included.
  var problems: [String] { state.withLock { $0.problems } }

  /// Runs `body` with a browser that shows an empty page of the given size.
  static func run(
    width: Int = 1280, height: Int = 800, isDark: Bool = false,
    _ body: (Browser) async throws -> Void
  ) async throws {
    let profile = try TemporaryDirectory()
    let browser = try Browser(profile: profile.path)
    let outcome: Result<Void, any Error>
    do {
      try await browser.attach(width: width, height: height, isDark: isDark)
      outcome = .success(try await body(browser))
    } catch {
      outcome = .failure(error)
    }
    browser.process.terminate()
    browser.process.waitUntilExit()
    try outcome.get()
  }

  private init(profile: String) throws {
    let (toBrowser, fromBrowser) = (Pipe(), Pipe())
    process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    // The DevTools pipe is file descriptors 3 and 4.
    process.arguments = [
      "-c",
      """
      exec "$0" --headless=new --no-sandbox --disable-gpu --hide-scrollbars --no-first-run \
      --remote-debugging-pipe --user-data-dir="$1" about:blank 3<&0 4>&1 >/dev/null 2>&1
      """,
      try Tool.named("chromium").path, profile,
    ]
    process.standardInput = toBrowser
    process.standardOutput = fromBrowser
    input = toBrowser.fileHandleForWriting
    output = fromBrowser.fileHandleForReading
    try process.run()
    // Not `readabilityHandler`: several of them that end at the same time crash libdispatch on Linux
    // (swift-corelibs-libdispatch issue 949).
    let reader = Thread { [weak self, output] in
      while true {
        let data = output.availableData
        self?.received(data)
        if data.isEmpty { return }
      }
    }
    reader.name = "browser"
    reader.start()
  }

  private func attach(width: Int, height: Int, isDark: Bool) async throws {
    let target = try await call("Target.createTarget", ["url": "about:blank"])
    let attached = try await call(
      "Target.attachToTarget", ["targetId": target["targetId"] ?? "", "flatten": true])
    session.withLock { $0 = attached["sessionId"] as? String ?? "" }
    for domain in ["Page", "Runtime", "Log"] { try await call("\(domain).enable") }
    try await call(
      "Emulation.setDeviceMetricsOverride",
      ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600])
    try await call(
      "Emulation.setEmulatedMedia",
      ["features": [["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]]])
  }

  /// Goes to an address; returns when the page has begun to load.
  func open(_ address: String) async throws {
    try await call("Page.navigate", ["url": address])
  }

  /// The value of a JavaScript expression, as text.
  func evaluate(_ expression: String) async throws -> String {
    let answer = try await call(
      "Runtime.evaluate", ["expression": "String(\(expression))", "returnByValue": true])
    return (answer["result"] as? [String: Any])?["value"] as? String ?? ""
  }

  /// Waits until a JavaScript expression is true.
  func wait(for expression: String, within limit: Duration = .seconds(60)) async throws {
    let deadline = ContinuousClock.now + limit
    while try await evaluate(expression) != "true" {
      if ContinuousClock.now >= deadline {
        let text = try await evaluate("document.body.innerText.slice(0, 2000)")
        Issue.record("\(expression) did not come true; the page says: \(text); \(problems)")
        throw Closed()
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// A picture of what is visible, as PNG.
  func screenshot() async throws -> Data {
    let answer = try await call("Page.captureScreenshot", ["format": "png"])
    return try #require((answer["data"] as? String).flatMap { Data(base64Encoded: $0) })
  }

  @discardableResult
  private func call(
    _ method: String, _ parameters: [String: Any] = [:]
  ) async throws -> sending [String: Any] {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    var message: [String: Any] = ["id": id, "method": method, "params": parameters]
    let session = session.withLock { $0 }
    if !session.isEmpty { message["sessionId"] = session }
    let data = try JSONSerialization.data(withJSONObject: message) + [0]
    let answer = try await withCheckedThrowingContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isClosed { state.waiting[id] = continuation }
        return !state.isClosed
      }
      guard isOpen else { return continuation.resume(throwing: Closed()) }
      input.write(data)
    }
    let object = try JSONSerialization.jsonObject(with: answer) as? [String: Any] ?? [:]
    if let error = object["error"] as? [String: Any] {
      throw Refused(message: "\(method): \(error["message"] ?? "")")
    }
    return object["result"] as? [String: Any] ?? [:]
  }

  private func received(_ data: Data) {
    var answers: [(CheckedContinuation<Data, any Error>, Data?)] = []
    state.withLock { state in
      if data.isEmpty {
        state.isClosed = true
        answers = state.waiting.values.map { ($0, nil) }
        state.waiting = [:]
      }
      state.buffer.append(data)
      while let end = state.buffer.firstIndex(of: 0) {
        let message = Data(state.buffer[state.buffer.startIndex..<end])
        state.buffer = Data(state.buffer[state.buffer.index(after: end)...])
        guard let object = try? JSONSerialization.jsonObject(with: message) as? [String: Any]
        else { continue }
        if let id = object["id"] as? Int, let waiting = state.waiting.removeValue(forKey: id) {
          answers.append((waiting, message))
        } else if let method = object["method"] as? String {
          Self.note(method, object["params"] as? [String: Any] ?? [:], &state.problems)
        }
      }
    }
    for (continuation, answer) in answers {
      if let answer {
        continuation.resume(returning: answer)
      } else {
        continuation.resume(throwing: Closed())
      }
    }
  }

  private static func note(
    _ method: String, _ parameters: [String: Any], _ problems: inout [String]
  ) {
    if method == "Runtime.exceptionThrown" {
      let details = parameters["exceptionDetails"] as? [String: Any]
      let exception = details?["exception"] as? [String: Any]
      problems.append("\(exception?["description"] ?? details?["text"] ?? "exception")")
    } else if method == "Log.entryAdded", let entry = parameters["entry"] as? [String: Any],
      entry["level"] as? String == "error"
    {
      problems.append("\(entry["text"] ?? "") \(entry["url"] ?? "")")
    }
  }
}
