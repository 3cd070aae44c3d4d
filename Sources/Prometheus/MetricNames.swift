// SPDX-License-Identifier: Apache-2.0

/// Names and texts as the exposition format wants them.
enum MetricNames {
  /// Makes any label of swift-metrics a metric name: `[a-zA-Z_:][a-zA-Z0-9_:]*`.
  static func metric(_ label: String) -> String { legal(label, allowsColon: true) }

  /// Makes any dimension's name a label name: `[a-zA-Z_][a-zA-Z0-9_]*`. `le` belongs to histograms.
  static func label(_ name: String) -> String {
    let name = legal(name, allowsColon: false)
    return name == "le" ? "le_" : name
  }

  private static func legal(_ text: String, allowsColon: Bool) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "_"):
        bytes.append(byte)
      case UInt8(ascii: ":") where allowsColon: bytes.append(byte)
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        if bytes.isEmpty { bytes.append(UInt8(ascii: "_")) }
        bytes.append(byte)
      default: bytes.append(UInt8(ascii: "_"))
      }
    }
    return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
  }

  /// In a label's value `\`, `"` and line feed are escaped.
  static func escapedValue(_ text: String) -> String { escaped(text, quotes: true) }

  /// In a help text `\` and line feed are.
  static func escapedHelp(_ text: String) -> String { escaped(text, quotes: false) }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A number as Go's ParseFloat reads it.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    return value.description
  }
}
