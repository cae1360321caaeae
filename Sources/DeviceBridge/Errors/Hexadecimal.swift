// How addresses and offsets are written.

/// `0x10000`, the way offsets are written in the field.
package func hexadecimal(_ number: Int) -> String {
    "0x" + String(number, radix: 16)
}

/// `0x400d2d5c`, eight digits.
package func address(_ number: UInt32) -> String {
    let digits = String(number, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}
