/* switch_stack(void **ret_old, void *new): saves what the calling convention says a callee keeps,
 * changes the stack pointer, and returns on the other stack.
 *
 * Source: System V ABI for x86-64, section 3.2.1; AAPCS64, section 6.1.
 * The floating-point control words are not saved: nothing in this program changes them. */

#if defined(__x86_64__)

    .text
    .globl switch_stack
    .hidden switch_stack
    .type switch_stack, @function
    .p2align 4
switch_stack:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    pushq %r12
    .cfi_adjust_cfa_offset 8
    pushq %r13
    .cfi_adjust_cfa_offset 8
    pushq %r14
    .cfi_adjust_cfa_offset 8
    pushq %r15
    .cfi_adjust_cfa_offset 8
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    .cfi_adjust_cfa_offset -8
    popq %r14
    .cfi_adjust_cfa_offset -8
    popq %r13
    .cfi_adjust_cfa_offset -8
    popq %r12
    .cfi_adjust_cfa_offset -8
    popq %rbx
    .cfi_adjust_cfa_offset -8
    popq %rbp
    .cfi_adjust_cfa_offset -8
    retq
    .cfi_endproc
    .size switch_stack, .-switch_stack

/* The first return of a new stack lands here, with the fiber in r12. */
    .globl switch_start
    .hidden switch_start
    .type switch_start, @function
    .p2align 4
switch_start:
    .cfi_startproc
    .cfi_undefined rip
    xorl %ebp, %ebp
    movq %r12, %rdi
    callq fiber_main
    ud2
    .cfi_endproc
    .size switch_start, .-switch_start

#elif defined(__aarch64__)

    .text
    .globl switch_stack
    .hidden switch_stack
    .type switch_stack, %function
    .p2align 4
switch_stack:
    .cfi_startproc
    sub sp, sp, #160
    .cfi_adjust_cfa_offset 160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    .cfi_adjust_cfa_offset -160
    ret
    .cfi_endproc
    .size switch_stack, .-switch_stack

/* The first return of a new stack lands here, with the fiber in x19. */
    .globl switch_start
    .hidden switch_start
    .type switch_start, %function
    .p2align 4
switch_start:
    .cfi_startproc
    .cfi_undefined x30
    mov x29, xzr
    mov x0, x19
    bl fiber_main
    brk #1
    .cfi_endproc
    .size switch_start, .-switch_start

#else
#error "Sluice switches fibers on x86-64 and aarch64 only"
#endif

    .section .note.GNU-stack, "", %progbits
