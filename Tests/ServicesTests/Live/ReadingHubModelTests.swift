// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import Services
import TestSupport
import Testing

/// Random sequences of commits, announcements in any order, joins, leaves and reads at any pace, beside a
/// reference model that says what each read must yield.
@Suite("Reading hub against a model", .timeLimit(.minutes(5)))
struct ReadingHubModelTests {
  static let window = 6
  static let filters: [SensorFilter] = [
    SensorFilter(),
    SensorFilter(types: ["temp_supply"]),
    SensorFilter(devices: [.sample(0)]),
    SensorFilter(devices: [.sample(0)], types: ["humidity"]),
  ]

  /// The reference: per filter, what has been published since its first reader came.
  struct Model {
    struct View {
      var published: [(seq: Int64, text: String)] = []
      var readers = 0
    }

    struct Reader {
      let filter: Int
      let slowReader: SlowReader
      var index: Int
      var through: Int64
    }

    var journal: [[Int64]] = []
    var announced: Set<Int64> = []
    var published: Int64 = 0
    var views: [Int: View] = [:]

    mutating func announce(_ seq: Int64) {
      guard !views.isEmpty else { return }
      announced.insert(seq)
      while announced.contains(published + 1) {
        published += 1
        let keys = journal[Int(published - 1)]
        for filter in views.keys {
          let matching = keys.filter { ReadingHubModelTests.filters[filter].admits(.sample($0)) }
          guard !matching.isEmpty else { continue }
          let columns = matching.map { "\($0)=1.0" }.joined(separator: " ")
          views[filter]?.published.append((published, "B \(published) \(columns)"))
        }
      }
    }

    mutating func join(_ filter: Int, _ slowReader: SlowReader) -> Reader {
      if views.isEmpty {
        // Nobody listened: the cursor is the journal's.
        published = Int64(journal.count)
        announced = []
      }
      var view = views[filter] ?? View()
      view.readers += 1
      views[filter] = view
      return Reader(
        filter: filter, slowReader: slowReader, index: view.published.count, through: published)
    }

    mutating func leave(_ reader: Reader) {
      views[reader.filter]?.readers -= 1
      if views[reader.filter]?.readers == 0 { views[reader.filter] = nil }
    }

    /// - Returns: what a read yields: an event's text, `closed oldest`, or nil for nothing.
    mutating func read(_ reader: inout Reader) -> String? {
      guard let published = views[reader.filter]?.published else { return nil }
      let first = max(0, published.count - ReadingHubModelTests.window)
      if reader.index < first {
        let oldest = published[first].seq
        switch reader.slowReader {
        case .close: return "closed \(oldest)"
        case .gap:
          defer { (reader.index, reader.through) = (first, oldest - 1) }
          return "G \(reader.through + 1)...\(oldest - 1)"
        }
      }
      guard reader.index < published.count else { return nil }
      defer { reader.index += 1 }
      reader.through = published[reader.index].seq
      return published[reader.index].text
    }
  }

  struct Pair {
    var model: Model.Reader
    let subscription: ReadingSubscription
    var known: Set<Int64>

    /// Reads one event that is no announcement; announcements are noted.
    mutating func read() -> String? {
      do throws(LiveError) {
        while let event = try subscription.poll() {
          guard case .series = event else {
            if !event.keys.isSubset(of: known) { return "unannounced \(event.text)" }
            return event.text
          }
          known.formUnion(event.keys)
        }
        return nil
      } catch {
        guard case .overtaken(_, let oldest) = error else { return "\(error)" }
        return "closed \(oldest)"
      }
    }
  }

  @Test("every read yields what the model says", arguments: 0..<40)
  func agreesWithModel(round: Int) async throws {
    var random = SeededGenerator(seed: SeededGenerator().seed &+ UInt64(round))
    var limits = LiveLimits()
    limits.maxViewEntries = Self.window
    let live = LiveFixture(limits: limits)
    var model = Model()
    var pairs: [Pair] = []
    var unannounced: [JournalEntry] = []
    var trace: [String] = []

    func announceOne() {
      guard let index = unannounced.indices.randomElement(using: &random) else { return }
      let entry = unannounced.remove(at: index)
      live.announce(entry)
      model.announce(entry.seq)
    }
    func readOne(_ index: Int) -> Bool {
      let (expected, actual) = (model.read(&pairs[index].model), pairs[index].read())
      if expected != actual {
        Issue.record(
          "seed \(random.seed): expected \(expected ?? "nothing"), got \(actual ?? "nothing") after \(trace)"
        )
      }
      return expected == actual && actual != nil && actual?.hasPrefix("closed") == false
    }

    for _ in 0..<400 {
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<30:
        let keys = (0..<20).filter { _ in Int.random(in: 0..<8, using: &random) == 0 }
        guard !keys.isEmpty else { continue }
        model.journal.append(keys.map(Int64.init))
        unannounced.append(live.store.append(keys.map { .sample(Int64($0)) }))
        trace.append("commit \(model.journal.count)")
      case 30..<60:
        announceOne()
        trace.append("announce")
      case 60..<66:
        // A first reader drops what was announced before it; what was not yet must not repeat.
        let filter = Int.random(in: 0..<Self.filters.count, using: &random)
        let slowReader: SlowReader = Bool.random(using: &random) ? .close : .gap
        let (start, subscription) = try await live.subscribe(
          Self.filters[filter], slowReader: slowReader)
        let reader = model.join(filter, slowReader)
        #expect(start.cursor == reader.through, "seed \(random.seed)")
        pairs.append(
          Pair(model: reader, subscription: subscription, known: Set(start.series.map(\.key))))
        trace.append("join \(filter) \(slowReader)")
      case 66..<70:
        guard let index = pairs.indices.randomElement(using: &random) else { continue }
        model.leave(pairs.remove(at: index).model)
        trace.append("leave \(index)")
      default:
        guard let index = pairs.indices.randomElement(using: &random) else { continue }
        trace.append("read \(index)")
        _ = readOne(index)
      }
    }
    while !unannounced.isEmpty { announceOne() }
    for index in pairs.indices { while readOne(index) {} }
  }
}
