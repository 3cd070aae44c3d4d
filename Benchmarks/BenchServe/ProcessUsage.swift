// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc

/// What the kernel says about processes (proc(5)).
enum ProcessUsage {
  private struct Entry {
    let process: pid_t
    let parent: pid_t
    let name: String
    /// User and system time, that of children that have ended included, in clock ticks.
    let ticks: Double
  }

  /// CPU seconds used so far by a process and all its descendants.
  static func cpuSeconds(of root: pid_t) -> Double {
    let entries = all()
    var members: Set<pid_t> = [root]
    var ticks = 0.0
    // Parents have no order relative to children: repeat until nobody is added.
    var size = 0
    while size < members.count {
      size = members.count
      for entry in entries where members.contains(entry.parent) { members.insert(entry.process) }
    }
    for entry in entries where members.contains(entry.process) { ticks += entry.ticks }
    return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// The child of this process that runs the program of that name.
  static func child(named name: String) -> pid_t? {
    let mine = getpid()
    return all().first { $0.parent == mine && $0.name == name }?.process
  }

  /// Anonymous resident memory, in kB, of the child of a process that has most of it.
  static func largestChild(of parent: pid_t) -> Int {
    all().filter { $0.parent == parent }.compactMap { child in
      read("/proc/\(child.process)/status").flatMap { kilobytes("RssAnon:", in: $0) }
    }.max() ?? 0
  }

  /// Resident memory in kB; nil when the process is gone.
  static func residentKilobytes(of process: pid_t) -> Int? {
    read("/proc/\(process)/status").flatMap { kilobytes("VmRSS:", in: $0) }
  }

  private static func kilobytes(_ field: String, in status: String) -> Int? {
    status.split(separator: "\n").first { $0.hasPrefix(field) }?
      .split(separator: " ", omittingEmptySubsequences: true)
      .compactMap { Int($0.filter(\.isNumber)) }.first
  }

  private static func all() -> [Entry] {
    // Without /proc there are no entries, and the caller sees zeros.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { name in
      guard let process = pid_t(name), let stat = read("/proc/\(name)/stat"),
        let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")")
      else { return nil }
      // From the state on: ppid is the second field, utime to cstime are 12 to 15.
      let fields = stat[stat.index(after: close)...].split(separator: " ")
      guard fields.count > 15, let parent = pid_t(fields[1]) else { return nil }
      return Entry(
        process: process, parent: parent, name: String(stat[stat.index(after: open)..<close]),
        ticks: fields[11...14].compactMap { Double($0) }.reduce(0, +))
    }
  }

  private static func read(_ path: String) -> String? {
    // A process may end while it is looked at.
    guard let bytes = FileManager.default.contents(atPath: path) else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }
}
