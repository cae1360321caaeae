// Offsets and sizes on the command line: decimal, 0x hex, with K and M for sizes as in partition tables.

import ArgumentParser

/// A number of bytes or an address, `4096`, `0x1000`, `4K`, `1M`.
struct ByteNumber: ExpressibleByArgument, Equatable, Sendable {
    let value: Int

    init(_ value: Int) { self.value = value }

    init?(argument: String) {
        guard let value = ByteNumber.parse(argument) else { return nil }
        self.value = value
    }

    /// The number a text stands for, or nil where it is none or too large.
    static func parse(_ text: String) -> Int? {
        let lower = text.lowercased()
        if lower.hasPrefix("0x") { return Int(lower.dropFirst(2), radix: 16).flatMap { $0 >= 0 ? $0 : nil } }
        var digits = lower[...]
        var factor = 1
        if lower.hasSuffix("k") { factor = 1 << 10 }
        if lower.hasSuffix("m") { factor = 1 << 20 }
        if factor > 1 { digits = digits.dropLast() }
        guard let number = Int(digits), number >= 0 else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}
