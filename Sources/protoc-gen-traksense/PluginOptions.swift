// SPDX-License-Identifier: Apache-2.0

/// What `--traksense_opt` says about the target that is generated for: `name=value`, separated by commas.
struct PluginOptions {
  /// `c_module`: the module of protoc-c's output.
  var cModule = "CTrakSenseProto"
  /// `api_module`: the module that holds the protocols of messages; nil: the one that is generated.
  var apiModule: String?
  /// `schema`: the static property of `ProtobufSchema` that is declared; nil: none.
  var schema: String?

  /// - Parameter text: as protoc passes it; may be empty.
  init(_ text: String) throws(PluginError) {
    for option in text.split(separator: ",") {
      let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw PluginError("option '\(option)' has no value") }
      switch parts[0] {
      case "c_module": cModule = parts[1]
      case "api_module": apiModule = parts[1]
      case "schema": schema = parts[1]
      default: throw PluginError("unknown option '\(parts[0])'")
      }
    }
  }
}
