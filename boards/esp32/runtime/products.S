// The inner loops of the engine's layers (products.h there) on the FPU and the zero-overhead loops, in the engine's own
// order: product and sum are rounded apart, from left to right, so that the bits are those of the host. Pointers are
// moved by integer instructions: whether an updating load moves them before or after the access depends on the
// generation of the FPU. No interrupt handler uses these loops, so LBEG, LEND and LCOUNT need no saving there.

#include "../xtensa-lx6.inc"

// struct products
#define ROWS 0
#define N 4
#define STEP_A 8
#define STEP_B 12
#define SKIP_A 16
#define SKIP_B 20
#define NEXT_A 24
#define NEXT_B 28
#define NEXT_OUT 32
#define MORE 36

    .macro lsx r, s, t              // f[r] = word at a[s] + a[t]
    .byte (\t << 4), (\r << 4) | \s, 0x08
    .endm

    // f[t] = word at a[s] + bytes
    .macro lsi t, s, bytes
    .byte (\t << 4) | 3, \s, (\bytes / 4)
    .endm

    // word at a[s] + bytes = f[t]
    .macro ssi t, s, bytes
    .byte (\t << 4) | 3, 0x40 | \s, (\bytes / 4)
    .endm

    // f[r] = f[s] if boolean b is true
    .macro fp_move_if_true r, s, b
    .byte (\b << 4), (\r << 4) | \s, 0xDB
    .endm

    // a[r] = the lowest 8 bits of a[s], sign-extended
    .macro sext8 r, s
    .byte 0, (\r << 4) | \s, 0x23
    .endm

    // Repeats the instructions up to \end as often as a[s] says; not at all where that is 0 or less. The loop's first
    // instruction must not straddle two words (ISA reference, "Loop option"), so this stands two bytes behind a word's
    // start. Nothing may run into a `.align`: it fills with zeros, which are no instructions.
    .macro loop_positive s, end
.Lloop\@:
    .byte 0x76, 0xA0 | \s, \end - .Lloop\@ - 4
    .endm

    .text

// void products_float(float *sums, const float *a, const float *b, int32_t outputs, const products *p)
    .align 4
    .global products_float
    .type products_float, @function
products_float:
    addi    a1, a1, -16
    s32i    a12, a1, 0
    s32i    a13, a1, 4
    s32i    a14, a1, 8
    s32i    a15, a1, 12
    l32i    a8, a6, STEP_A
    l32i    a9, a6, STEP_B
    l32i    a12, a6, NEXT_A
    // Four at a time where they share a and all values are contiguous.
    bnez    a12, .Leach
    bnei    a8, 4, .Leach
    bnei    a9, 4, .Leach
    bgei    a5, 4, .Lfour
.Leach:
    blti    a5, 1, .Lreturn
    l32i    a12, a6, N
    l32i    a13, a6, SKIP_A
    l32i    a14, a6, SKIP_B
.Loutput:
    l32i    a10, a6, MORE
    l32i    a7, a6, ROWS
    beqz    a10, .Lfrom_zero
    lsi     0, 2, 0
    j       .Lstarted
.Lfrom_zero:
    wfr     0, 10
.Lstarted:
    mov     a10, a3
    mov     a11, a4
    blti    a7, 1, .Lsummed
    bnei    a8, 4, .Lapart
    beqi    a9, 4, .Lcontiguous
.Lapart:
    j       .Lrow
.Lcontiguous:
    srli    a15, a12, 2
    j       .Lquads
    .align 4
.Lquads:
    nop.n
    loop_positive 15, .Lquads_end
    lsi     1, 10, 0
    lsi     2, 11, 0
    lsi     3, 10, 4
    lsi     4, 11, 4
    lsi     5, 10, 8
    lsi     6, 11, 8
    lsi     7, 10, 12
    lsi     8, 11, 12
    fp_op   FP_MUL, 1, 1, 2
    fp_op   FP_MUL, 3, 3, 4
    fp_op   FP_MUL, 5, 5, 6
    fp_op   FP_MUL, 7, 7, 8
    fp_op   FP_ADD, 0, 0, 1
    addi    a10, a10, 16
    fp_op   FP_ADD, 0, 0, 3
    addi    a11, a11, 16
    fp_op   FP_ADD, 0, 0, 5
    fp_op   FP_ADD, 0, 0, 7
.Lquads_end:
    extui   a15, a12, 0, 2
    j       .Lrest
    .align 4
.Lrest:
    nop.n
    loop_positive 15, .Lrest_end
    lsi     1, 10, 0
    lsi     2, 11, 0
    addi    a10, a10, 4
    addi    a11, a11, 4
    fp_op   FP_MUL, 1, 1, 2
    fp_op   FP_ADD, 0, 0, 1
.Lrest_end:
    addi    a7, a7, -1
    beqz    a7, .Lsummed
    add     a10, a10, a13
    add     a11, a11, a14
    j       .Lcontiguous
    .align 4
.Lrow:
    nop.n
    loop_positive 12, .Lrow_end
    lsi     1, 10, 0
    lsi     2, 11, 0
    add     a10, a10, a8
    add     a11, a11, a9
    fp_op   FP_MUL, 1, 1, 2
    fp_op   FP_ADD, 0, 0, 1
.Lrow_end:
    addi    a7, a7, -1
    beqz    a7, .Lsummed
    add     a10, a10, a13
    add     a11, a11, a14
    j       .Lrow
.Lsummed:
    ssi     0, 2, 0
    addi    a5, a5, -1
    beqz    a5, .Lreturn
    l32i    a10, a6, NEXT_OUT
    l32i    a11, a6, NEXT_A
    l32i    a15, a6, NEXT_B
    add     a2, a2, a10
    add     a3, a3, a11
    add     a4, a4, a15
    j       .Loutput
.Lreturn:
    l32i    a12, a1, 0
    l32i    a13, a1, 4
    l32i    a14, a1, 8
    l32i    a15, a1, 12
    addi    a1, a1, 16
    ret

.Lfour:
    l32i    a10, a6, MORE
    l32i    a8, a6, NEXT_B
    beqz    a10, .Lfour_from_zero
    lsi     0, 2, 0
    lsi     1, 2, 4
    lsi     2, 2, 8
    lsi     3, 2, 12
    j       .Lfour_started
.Lfour_from_zero:
    wfr     0, 10
    wfr     1, 10
    wfr     2, 10
    wfr     3, 10
.Lfour_started:
    l32i    a7, a6, ROWS
    mov     a10, a3
    mov     a11, a4
    add     a12, a4, a8
    add     a13, a12, a8
    add     a14, a13, a8
    add     a4, a14, a8
    l32i    a8, a6, N
    blti    a7, 1, .Lfour_summed
    j       .Lfour_row
    .align 4
.Lfour_row:
    movi.n  a15, 0
    loop_positive 8, .Lfour_row_end
    lsx     4, 10, 15
    lsx     5, 11, 15
    lsx     6, 12, 15
    lsx     7, 13, 15
    lsx     8, 14, 15
    addi    a15, a15, 4
    fp_op   FP_MUL, 5, 4, 5
    fp_op   FP_MUL, 6, 4, 6
    fp_op   FP_MUL, 7, 4, 7
    fp_op   FP_MUL, 8, 4, 8
    fp_op   FP_ADD, 0, 0, 5
    fp_op   FP_ADD, 1, 1, 6
    fp_op   FP_ADD, 2, 2, 7
    fp_op   FP_ADD, 3, 3, 8
.Lfour_row_end:
    addi    a7, a7, -1
    beqz    a7, .Lfour_summed
    l32i    a9, a6, SKIP_A
    add     a10, a10, a15
    add     a10, a10, a9
    l32i    a9, a6, SKIP_B
    add     a15, a15, a9
    add     a11, a11, a15
    add     a12, a12, a15
    add     a13, a13, a15
    add     a14, a14, a15
    j       .Lfour_row
.Lfour_summed:
    ssi     0, 2, 0
    ssi     1, 2, 4
    ssi     2, 2, 8
    ssi     3, 2, 12
    addi    a2, a2, 16
    addi    a5, a5, -4
    bgei    a5, 4, .Lfour
    movi    a8, 4
    movi    a9, 4
    j       .Leach

// void products_finish(float *out, int32_t count, const float *bias, const float *range)
    .align 4
    .global products_finish
    .type products_finish, @function
products_finish:
    lsi     2, 5, 0
    lsi     3, 5, 4
    bnez    a4, .Lbias
    j       .Lno_bias
    .align 4
.Lbias:
    nop.n
    loop_positive 3, .Lbiased
    lsi     0, 2, 0
    lsi     1, 4, 0
    addi    a4, a4, 4
    fp_op   FP_ADD, 0, 0, 1
    fp_compare FP_OLT, 0, 0, 2
    fp_move_if_true 0, 2, 0
    fp_compare FP_OLT, 0, 3, 0
    fp_move_if_true 0, 3, 0
    ssi     0, 2, 0
    addi    a2, a2, 4
.Lbiased:
    ret
    .align 4
.Lno_bias:
    nop.n
    loop_positive 3, .Lunbiased
    lsi     0, 2, 0
    fp_compare FP_OLT, 0, 0, 2
    fp_move_if_true 0, 2, 0
    fp_compare FP_OLT, 0, 3, 0
    fp_move_if_true 0, 3, 0
    ssi     0, 2, 0
    addi    a2, a2, 4
.Lunbiased:
    ret

// void pixels_three_by_three(const float_pixels *p)
// struct float_pixels
#define IN 0
#define OUT 4
#define WEIGHTS 8
#define BIAS 12
#define RANGE 16
#define COUNT 20
#define IN_STEP 24
#define OUT_STEP 28
#define OUTPUTS 32
#define ROW 36
    // The engine's sum starts from zero and ends in the bias. It is the same to the bit to start from the first product
    // and to add the bias plus zero: only a sum of nothing but negative zeros could tell, and that addition makes it a
    // positive one, as the start from zero does.
    .align 4
    .global pixels_three_by_three
    .type pixels_three_by_three, @function
pixels_three_by_three:
    l32i    a3, a2, WEIGHTS
    movi    a4, 0
    lsi     7, 3, 0
    lsi     8, 3, 4
    lsi     9, 3, 8
    lsi     10, 3, 12
    lsi     11, 3, 16
    lsi     12, 3, 20
    lsi     13, 3, 24
    lsi     14, 3, 28
    lsi     15, 3, 32
    wfr     6, 4
    l32i    a3, a2, BIAS
    beqz    a3, .Lnine_no_bias
    lsi     5, 3, 0
    fp_op   FP_ADD, 6, 6, 5
.Lnine_no_bias:
    l32i    a3, a2, RANGE
    lsi     4, 3, 0
    lsi     5, 3, 4
    l32i    a5, a2, IN
    l32i    a3, a2, ROW
    l32i    a8, a2, OUT
    add     a6, a5, a3
    add     a7, a6, a3
    l32i    a9, a2, IN_STEP
    l32i    a10, a2, OUT_STEP
    l32i    a11, a2, COUNT
    j       .Lnine
    .align 4
.Lnine:
    nop.n
    loop_positive 11, .Lnine_end
    lsi     1, 5, 0
    lsi     2, 5, 4
    lsi     3, 5, 8
    fp_op   FP_MUL, 0, 1, 7
    fp_op   FP_MUL, 1, 2, 8
    fp_op   FP_MUL, 2, 3, 9
    fp_op   FP_ADD, 0, 0, 1
    fp_op   FP_ADD, 0, 0, 2
    lsi     1, 6, 0
    lsi     2, 6, 4
    lsi     3, 6, 8
    fp_op   FP_MUL, 1, 1, 10
    fp_op   FP_MUL, 2, 2, 11
    fp_op   FP_MUL, 3, 3, 12
    fp_op   FP_ADD, 0, 0, 1
    fp_op   FP_ADD, 0, 0, 2
    fp_op   FP_ADD, 0, 0, 3
    lsi     1, 7, 0
    lsi     2, 7, 4
    lsi     3, 7, 8
    fp_op   FP_MUL, 1, 1, 13
    fp_op   FP_MUL, 2, 2, 14
    fp_op   FP_MUL, 3, 3, 15
    fp_op   FP_ADD, 0, 0, 1
    fp_op   FP_ADD, 0, 0, 2
    fp_op   FP_ADD, 0, 0, 3
    fp_op   FP_ADD, 0, 0, 6
    fp_compare FP_OLT, 0, 0, 4
    fp_move_if_true 0, 4, 0
    fp_compare FP_OLT, 0, 5, 0
    fp_move_if_true 0, 5, 0
    ssi     0, 8, 0
    add     a5, a5, a9
    add     a6, a6, a9
    add     a7, a7, a9
    add     a8, a8, a10
.Lnine_end:
    ret

    // out[channel] = x * weight + bias, clamped; f0 = x, f1 is used.
    .macro one_tap channel, weight, bias
    fp_op   FP_MUL, 1, 0, \weight
    fp_op   FP_ADD, 1, 1, \bias
    fp_compare FP_OLT, 0, 1, 4
    fp_move_if_true 1, 4, 0
    fp_compare FP_OLT, 0, 5, 1
    fp_move_if_true 1, 5, 0
    ssi     1, 8, \channel * 4
    .endm

// void pixels_one_tap(const float_pixels *p)
    .align 4
    .global pixels_one_tap
    .type pixels_one_tap, @function
pixels_one_tap:
    l32i    a3, a2, RANGE
    l32i    a5, a2, IN
    lsi     4, 3, 0
    lsi     5, 3, 4
    l32i    a8, a2, OUT
    l32i    a9, a2, IN_STEP
    l32i    a10, a2, OUT_STEP
    l32i    a11, a2, OUTPUTS
    l32i    a6, a2, WEIGHTS
    l32i    a7, a2, BIAS
    movi    a4, 0
    wfr     2, 4
    movi    a3, 5
    bge     a3, a11, .Lfew_channels
    // Many channels: weight and bias are read for each.
    l32i    a2, a2, COUNT
.Lmany_pixel:
    blti    a2, 1, .Lmany_done
    lsi     0, 5, 0
    add     a5, a5, a9
    mov     a3, a6
    mov     a4, a8
    beqz    a7, .Lmany_no_bias
    j       .Lmany
    .align 4
.Lmany:
    nop.n
    loop_positive 11, .Lmany_end
    lsi     1, 3, 0
    lsi     3, 7, 0
    fp_op   FP_MUL, 1, 0, 1
    fp_op   FP_ADD, 1, 1, 2
    fp_op   FP_ADD, 1, 1, 3
    fp_compare FP_OLT, 0, 1, 4
    fp_move_if_true 1, 4, 0
    fp_compare FP_OLT, 0, 5, 1
    fp_move_if_true 1, 5, 0
    ssi     1, 4, 0
    addi    a3, a3, 4
    addi    a7, a7, 4
    addi    a4, a4, 4
.Lmany_end:
    slli    a3, a11, 2
    sub     a7, a7, a3
    add     a8, a8, a10
    addi    a2, a2, -1
    j       .Lmany_pixel
    .align 4
.Lmany_no_bias:
    nop.n
    loop_positive 11, .Lmany_no_bias_end
    lsi     1, 3, 0
    fp_op   FP_MUL, 1, 0, 1
    fp_op   FP_ADD, 1, 1, 2
    fp_compare FP_OLT, 0, 1, 4
    fp_move_if_true 1, 4, 0
    fp_compare FP_OLT, 0, 5, 1
    fp_move_if_true 1, 5, 0
    ssi     1, 4, 0
    addi    a3, a3, 4
    addi    a4, a4, 4
.Lmany_no_bias_end:
    add     a8, a8, a10
    addi    a2, a2, -1
    j       .Lmany_pixel
.Lmany_done:
    ret

    // Up to five channels: weights in f6 ... f10, biases in f11 ... f15, the last channel first.
    .macro load_channel number, weight, bias, skip
    movi    a3, \number
    bge     a3, a11, \skip
    lsi     \weight, 6, \number * 4
    wfr     \bias, 4
    beqz    a7, .Lloaded\@
    lsi     3, 7, \number * 4
    fp_op   FP_ADD, \bias, 2, 3
.Lloaded\@:
    .endm
.Lfew_channels:
    load_channel 0, 6, 11, .Lfew_loaded
    load_channel 1, 7, 12, .Lfew_loaded
    load_channel 2, 8, 13, .Lfew_loaded
    load_channel 3, 9, 14, .Lfew_loaded
    load_channel 4, 10, 15, .Lfew_loaded
.Lfew_loaded:
    // A channel's instructions take 21 bytes: where to go in for so many.
    movi    a3, 5
    sub     a3, a3, a11
    slli    a4, a3, 4
    slli    a6, a3, 2
    add     a4, a4, a6
    add     a3, a4, a3
    movi    a4, .Lfive
    add     a3, a4, a3
    l32i    a11, a2, COUNT
    j       .Lfew
    .align 4
.Lfew:
    nop.n
    loop_positive 11, .Lfew_end
    lsi     0, 5, 0
    add     a5, a5, a9
    jx      a3
.Lfive:
    one_tap 4, 10, 15
    one_tap 3, 9, 14
    one_tap 2, 8, 13
    one_tap 1, 7, 12
    one_tap 0, 6, 11
    add     a8, a8, a10
.Lfew_end:
    ret

// void products_int8(uint32_t *sums, const int8_t *a, const int8_t *b, int32_t outputs, int32_t offset,
//                    const products *p)
#define SAVED_A0 16
#define SAVED_A 20
#define SAVED_B 24
#define ROWS_LEFT 28
    .align 4
    .global products_int8
    .type products_int8, @function
products_int8:
    blti    a5, 1, .Lint8_done
    addi    a1, a1, -32
    s32i    a12, a1, 0
    s32i    a13, a1, 4
    s32i    a14, a1, 8
    s32i    a15, a1, 12
    s32i    a0, a1, SAVED_A0
    l32i    a8, a7, STEP_A
    l32i    a9, a7, STEP_B
    // Four at a time where they share a and all values are contiguous.
    blti    a5, 4, .Lint8_output
    l32i    a12, a7, NEXT_A
    bnez    a12, .Lint8_output
    bnei    a8, 1, .Lint8_output
    beqi    a9, 1, .Lint8_four
.Lint8_output:
    l32i    a15, a7, MORE
    beqz    a15, .Lint8_started
    l32i    a15, a2, 0
.Lint8_started:
    mov     a10, a3
    mov     a11, a4
    l32i    a12, a7, N
    l32i    a0, a7, ROWS
    blti    a0, 1, .Lint8_summed
    j       .Lint8_row
    .align 4
.Lint8_row:
    nop.n
    loop_positive 12, .Lint8_row_end
    l8ui    a13, a10, 0
    l8ui    a14, a11, 0
    sext8   13, 13
    sext8   14, 14
    add     a13, a13, a6
    add     a10, a10, a8
    mull    a13, a13, a14
    add     a11, a11, a9
    add     a15, a15, a13
.Lint8_row_end:
    addi    a0, a0, -1
    beqz    a0, .Lint8_summed
    l32i    a13, a7, SKIP_A
    l32i    a14, a7, SKIP_B
    add     a10, a10, a13
    add     a11, a11, a14
    j       .Lint8_row
.Lint8_summed:
    s32i    a15, a2, 0
    addi    a5, a5, -1
    beqz    a5, .Lint8_return
    l32i    a12, a7, NEXT_OUT
    l32i    a13, a7, NEXT_A
    l32i    a14, a7, NEXT_B
    add     a2, a2, a12
    add     a3, a3, a13
    add     a4, a4, a14
    j       .Lint8_output
.Lint8_return:
    l32i    a12, a1, 0
    l32i    a13, a1, 4
    l32i    a14, a1, 8
    l32i    a15, a1, 12
    l32i    a0, a1, SAVED_A0
    addi    a1, a1, 32
.Lint8_done:
    ret

    // sum += a0 times the byte at b, which moves on; uses a3.
    .macro int8_product sum, b
    l8ui    a3, \b, 0
    addi    \b, \b, 1
    sext8   3, 3
    mull    a3, a3, a0
    add     \sum, \sum, a3
    .endm

.Lint8_four:
    l32i    a0, a7, MORE
    l32i    a15, a7, NEXT_B
    s32i    a3, a1, SAVED_A
    movi    a8, 0
    movi    a9, 0
    movi    a10, 0
    movi    a11, 0
    beqz    a0, .Lint8_four_started
    l32i    a8, a2, 0
    l32i    a9, a2, 4
    l32i    a10, a2, 8
    l32i    a11, a2, 12
.Lint8_four_started:
    mov     a12, a4
    add     a13, a12, a15
    add     a14, a13, a15
    add     a15, a14, a15
    s32i    a4, a1, SAVED_B
    l32i    a0, a7, ROWS
    mov     a4, a3
    blti    a0, 1, .Lint8_four_summed
    s32i    a0, a1, ROWS_LEFT
    j       .Lint8_four_row
    .align 4
.Lint8_four_row:
    l32i.n  a3, a7, N
    loop_positive 3, .Lint8_four_row_end
    l8ui    a0, a4, 0
    addi    a4, a4, 1
    sext8   0, 0
    add     a0, a0, a6
    int8_product a8, a12
    int8_product a9, a13
    int8_product a10, a14
    int8_product a11, a15
.Lint8_four_row_end:
    l32i    a0, a1, ROWS_LEFT
    addi    a0, a0, -1
    beqz    a0, .Lint8_four_summed
    s32i    a0, a1, ROWS_LEFT
    l32i    a3, a7, SKIP_A
    l32i    a0, a7, SKIP_B
    add     a4, a4, a3
    add     a12, a12, a0
    add     a13, a13, a0
    add     a14, a14, a0
    add     a15, a15, a0
    j       .Lint8_four_row
.Lint8_four_summed:
    s32i    a8, a2, 0
    s32i    a9, a2, 4
    s32i    a10, a2, 8
    s32i    a11, a2, 12
    l32i    a0, a7, NEXT_B
    l32i    a4, a1, SAVED_B
    l32i    a3, a1, SAVED_A
    slli    a0, a0, 2
    add     a4, a4, a0
    addi    a2, a2, 16
    addi    a5, a5, -4
    bgei    a5, 4, .Lint8_four
    beqz    a5, .Lint8_return
    movi    a8, 1
    movi    a9, 1
    j       .Lint8_output
