// SPDX-License-Identifier: Apache-2.0

import NIOCore
import RPCRuntime
import TrakSenseAPI

/// All RPCs of the catalogue: each notes its call and answers with nothing set.
struct MemoryCatalogueServices: RPCService {
  let record: MemoryAccounts.Record

  private static let methods =
    TraksenseV1.SiteServiceMethods.all + TraksenseV1.AssetServiceMethods.all
    + TraksenseV1.DeviceServiceMethods.all + TraksenseV1.SensorServiceMethods.all

  var handlers: [RPCHandler] {
    Self.methods.map { types in
      RPCHandler(unary: types.method) { bytes, context throws(RPCError) in
        let request: any ProtobufMessage
        do throws(ProtobufError) {
          request = try types.request.init(serialized: bytes)
        } catch {
          throw RPCError(.invalidArgument, "\(error)")
        }
        try record.note(request, context)
        return MessageFrame { _ in }
      }
    }
  }
}
