// SPDX-License-Identifier: Apache-2.0
import CMosquitto

/// Each only translates what libmosquitto says into the inbox; `userData` is the client's inbox.
extension MosquittoClient {
  static func installCallbacks(on raw: OpaquePointer) {
    unsafe mosquitto_connect_callback_set(raw) { _, userData, code in
      unsafe MosquittoClient.inbox(userData)?.connectionReturnCode = code
    }
    unsafe mosquitto_subscribe_callback_set(raw) { _, userData, _, count, granted in
      guard let granted = unsafe granted, count > 0 else { return }
      // 0x80: failure (MQTT 3.1.1 §3.9.3).
      unsafe MosquittoClient.inbox(userData)?.isSubscribed = granted[0] < 0x80
    }
    unsafe mosquitto_publish_callback_set(raw) { _, userData, packetID in
      unsafe MosquittoClient.inbox(userData)?.acknowledged.append(packetID)
    }
    unsafe mosquitto_message_callback_set(raw) { _, userData, message in
      guard let inbox = unsafe MosquittoClient.inbox(userData), let message = unsafe message,
        let topic = unsafe message.pointee.topic
      else { return }
      let count = min(Int(unsafe message.pointee.payloadlen), inbox.maxPayloadBytes)
      let bytes = unsafe UnsafeRawBufferPointer(start: message.pointee.payload, count: count)
      unsafe inbox.messages.append(
        MQTTMessageIn(topic: String(cString: topic), payload: Array(bytes)))
    }
  }

  private static func inbox(_ userData: UnsafeMutableRawPointer?) -> MosquittoInbox? {
    unsafe userData.map { unsafe Unmanaged<MosquittoInbox>.fromOpaque($0).takeUnretainedValue() }
  }
}
