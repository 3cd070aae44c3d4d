// SPDX-License-Identifier: Apache-2.0
import Ingest
import Testing

struct MQTTEndpointTests {
  @Test(
    "broker URLs are read",
    arguments: [
      ("mqtt://broker", MQTTEndpoint(host: "broker", port: 1883)),
      ("tcp://broker:1884/", MQTTEndpoint(host: "broker", port: 1884)),
      ("MQTTS://broker", MQTTEndpoint(host: "broker", port: 8883, usesTLS: true)),
      ("mqtt://[::1]:1885", MQTTEndpoint(host: "::1", port: 1885)),
      (
        "mqtt://us%40er:p%3A%2fw:x@broker",
        MQTTEndpoint(host: "broker", port: 1883, username: "us@er", password: "p:/w:x")
      ),
      ("mqtt://user@broker", MQTTEndpoint(host: "broker", port: 1883, username: "user")),
    ])
  func valid(_ url: String, _ endpoint: MQTTEndpoint) {
    #expect(MQTTEndpoint(url: url) == endpoint)
  }

  @Test(
    "what is no broker URL is refused",
    arguments: [
      "", "broker", "http://broker", "mqtt://", "mqtt://broker:0", "mqtt://broker:65536",
      "mqtt://broker:x", "mqtt://broker/topic", "mqtt://us%4@broker", "mqtt://us%zz@broker",
      "mqtt://:1883",
    ])
  func invalid(_ url: String) {
    #expect(MQTTEndpoint(url: url) == nil)
  }

  @Test("a printed endpoint shows no password")
  func redacted() throws {
    let endpoint = try #require(MQTTEndpoint(url: "mqtt://user:secret@broker"))
    #expect("\(endpoint)" == "mqtt://broker:1883")
  }

  @Test("pauses double, jitter and end at the maximum")
  func backoff() {
    var backoff = Backoff(initial: .milliseconds(100), maximum: .seconds(1))
    #expect(backoff.next(random: 0) == .milliseconds(50))
    #expect(backoff.next(random: 0) == .milliseconds(100))
    #expect(backoff.next(random: 0.5) == .milliseconds(300))
    #expect(backoff.next(random: 0) == .milliseconds(400))
    for _ in 0..<100 { #expect(backoff.next(random: 0) == .milliseconds(500)) }
    backoff.reset()
    #expect(backoff.next(random: 0) == .milliseconds(50))
  }
}
