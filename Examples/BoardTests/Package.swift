// swift-tools-version: 6.2
// An example: a package whose Swift Testing suite drives boards through espmask's libraries. In a package of your own the
// dependency is a URL instead of a path.

import PackageDescription

let package = Package(
    name: "BoardTests",
    dependencies: [.package(name: "espmask", path: "../..")],
    targets: [
        .testTarget(
            name: "BoardTests",
            dependencies: [
                .product(name: "DeviceBridge", package: "espmask"), .product(name: "ESPImage", package: "espmask"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
