// SPDX-License-Identifier: Apache-2.0
import Foundation

/// JSON as others write it: names in snake case.
package enum JSON {
  package static func decode<Value: Decodable>(_: Value.Type, _ text: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: Data(text.utf8))
  }
}
