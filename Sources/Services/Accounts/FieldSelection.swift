// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// Which fields of a request are to change something: those of its `update_mask`; without a mask those that
/// were set, as AIP-134 has it.
struct FieldSelection {
  private let mask: ProtoFieldMask?

  init(_ mask: ProtoFieldMask?) {
    self.mask = mask
  }

  func changes(_ field: String, isSet: Bool) -> Bool { mask?.contains(field) ?? isSet }
}
