// SPDX-License-Identifier: Apache-2.0

// Who calls TrakSense needs both: the messages and clients of this module, and RPCRuntime's channels, options and
// errors that they take and throw. One import gives them.
@_exported public import RPCRuntime
