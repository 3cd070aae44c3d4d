// SPDX-License-Identifier: Apache-2.0

extension [DedicatedThread] {
  /// Starts some threads, at least one, of one name.
  /// - Throws: when the system refuses one of them; the others end.
  package static func threads(_ count: Int, named name: String) throws(ThreadStartError) -> Self {
    var threads: Self = []
    for _ in 0..<Swift.max(1, count) { threads.append(try DedicatedThread(name: name)) }
    return threads
  }
}
