// swift-tools-version:6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// What a program of your own needs to call TrakSense. Debian packages: libnghttp2-dev libprotobuf-c-dev zlib1g-dev
// pkg-config. (The repository's own Package.swift builds the same sources, so that its tests can run them.)
let package = Package(
  name: "building-monitor",
  dependencies: [
    .package(name: "traksense", path: "../.."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .executableTarget(
      name: "building-monitor",
      dependencies: [
        .product(name: "TrakSenseAPI", package: "traksense"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ])
  ]
)
