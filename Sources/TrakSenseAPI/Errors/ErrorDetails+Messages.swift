// SPDX-License-Identifier: Apache-2.0

import RPCRuntime

extension ErrorDetails {
  /// Messages of google/rpc/error_details.proto, without those that would say nothing.
  var messages: [ProtoAny] {
    var messages: [ProtoAny] = []
    if !violations.isEmpty {
      messages.append(
        ProtoAny(
          packing: GoogleRpc.BadRequest(
            fieldViolations: violations.map {
              .init(field: $0.field, description: $0.description)
            })))
    }
    if let retryAfter {
      messages.append(
        ProtoAny(packing: GoogleRpc.RetryInfo(retryDelay: ProtoDuration(retryAfter))))
    }
    if let reason {
      messages.append(
        ProtoAny(
          packing: GoogleRpc.ErrorInfo(
            reason: reason.reason, domain: reason.domain, metadata: reason.metadata)))
    }
    if let resource {
      messages.append(
        ProtoAny(
          packing: GoogleRpc.ResourceInfo(
            resourceType: resource.type, resourceName: resource.name, owner: resource.owner,
            description: resource.description)))
    }
    return messages
  }

  /// What a status says; messages of other types, and what cannot be read, are passed over.
  init(_ status: GoogleRpc.Status) {
    self.init()
    for detail in status.details {
      do throws(ProtobufError) {
        if let message = try detail.unpack(as: GoogleRpc.BadRequest.self) {
          violations += message.fieldViolations.map {
            FieldViolation(field: $0.field, description: $0.description)
          }
        } else if let message = try detail.unpack(as: GoogleRpc.RetryInfo.self) {
          retryAfter = message.retryDelay?.duration
        } else if let message = try detail.unpack(as: GoogleRpc.ErrorInfo.self) {
          reason = ErrorReason(
            message.reason, domain: message.domain, metadata: message.metadata)
        } else if let message = try detail.unpack(as: GoogleRpc.ResourceInfo.self) {
          resource = ErrorResource(
            type: message.resourceType, name: message.resourceName, owner: message.owner,
            description: message.description)
        }
      } catch {
        continue
      }
    }
  }
}
