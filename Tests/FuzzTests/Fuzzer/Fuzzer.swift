// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Runs one target under libFuzzer. Usage: Fuzzer list | Fuzzer seeds TARGET FOLDER | Fuzzer TARGET [libFuzzer's arguments]
@main
enum Fuzzer {
  /// The target that libFuzzer's callback, a C function without context, runs.
  nonisolated(unsafe) private static var target: FuzzTarget?

  /// libFuzzer without a main of its own (FuzzerInterface.h).
  @_silgen_name("LLVMFuzzerRunDriver")
  private static func runDriver(
    _ argumentCount: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
  ) -> Int32

  static func main() throws {
    let arguments = CommandLine.arguments
    if arguments.dropFirst().first == "list" {
      for target in FuzzTarget.all { print(target.name) }
      return
    }
    let writesSeeds = arguments.dropFirst().first == "seeds"
    let name = arguments.dropFirst(writesSeeds ? 2 : 1).first
    guard let found = FuzzTarget.all.first(where: { $0.name == name }) else {
      print("targets: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
      exit(2)
    }
    if writesSeeds, let folder = arguments.dropFirst(3).first {
      for (index, seed) in found.seeds.enumerated() {
        try Data(seed).write(
          to: URL(fileURLWithPath: folder).appendingPathComponent("seed-\(index)"))
      }
      return
    }
    target = found
    // libFuzzer gets the program's name and what follows the target's.
    var rest = ([arguments[0]] + arguments.dropFirst(2)).map { strdup($0) }
    var count = Int32(rest.count)
    rest.append(nil)
    let code = rest.withUnsafeMutableBufferPointer { buffer -> Int32 in
      guard var start = buffer.baseAddress else { return 2 }
      return runDriver(&count, &start) { bytes, length in
        Fuzzer.target?.run(Array(UnsafeBufferPointer(start: bytes, count: length)))
        return 0
      }
    }
    exit(code)
  }
}
