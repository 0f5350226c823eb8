/**
 * Our own small stand-in for the kernel headers that ABI headers include. It is read before them in every compilation, and the
 * headers that it stands for are empty files. All facts are public: widths of types and meanings of helper macros.
 * `KHO_ABI_PAGE_SHIFT` comes from the command line.
 */
export const PRELUDE = `
typedef signed char s8;
typedef unsigned char u8;
typedef short s16;
typedef unsigned short u16;
typedef int s32;
typedef unsigned int u32;
typedef long long s64;
typedef unsigned long long u64;
typedef s8 __s8; typedef u8 __u8; typedef s16 __s16; typedef u16 __u16;
typedef s32 __s32; typedef u32 __u32; typedef s64 __s64; typedef u64 __u64;
typedef s8 int8_t; typedef u8 uint8_t; typedef s16 int16_t; typedef u16 uint16_t;
typedef s32 int32_t; typedef u32 uint32_t; typedef s64 int64_t; typedef u64 uint64_t;
typedef u16 __le16; typedef u32 __le32; typedef u64 __le64;
typedef u16 __be16; typedef u32 __be32; typedef u64 __be64;
typedef u64 __aligned_u64 __attribute__((aligned(8)));
typedef __SIZE_TYPE__ size_t;
typedef long ssize_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef unsigned long uintptr_t;
typedef unsigned long pgoff_t;
typedef u64 phys_addr_t; typedef u64 resource_size_t; typedef u64 dma_addr_t;
typedef long long loff_t;
typedef unsigned int gfp_t;
typedef unsigned short umode_t;
typedef u32 dev_t;
typedef int pid_t;
typedef unsigned int uint; typedef unsigned long ulong; typedef unsigned short ushort;
typedef _Bool bool;
typedef struct { u8 b[16]; } guid_t;
typedef struct { u8 b[16]; } uuid_t;
typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };

#define true 1
#define false 0
#define NULL ((void *)0)

#define __packed __attribute__((packed))
#define __aligned(bytes) __attribute__((aligned(bytes)))
#define __section(name)
#define __user
#define __kernel
#define __iomem
#define __force
#define __bitwise
#define __rcu
#define __percpu
#define __must_check
#define __maybe_unused
#define __always_unused
#define __always_inline inline
#define __attribute_const__
#define __pure
#define __init
#define __initdata
#define __exit
#define __ro_after_init
#define __read_mostly
#define __deprecated
#define __nonstring
#define __designated_init
#define __randomize_layout
#define __no_randomize_layout
#define __counted_by(member)
#define __counted_by_le(member)
#define __counted_by_be(member)
#define __counted_by_ptr(member)
#define __cold
#define noinline

#define _AC(number, suffix) KHO_ABI_PASTE(number, suffix)
#define KHO_ABI_PASTE(a, b) a##b
#define _UL(number) _AC(number, UL)
#define _ULL(number) _AC(number, ULL)
#define UL(number) _UL(number)
#define ULL(number) _ULL(number)
#define BITS_PER_BYTE 8
#define BITS_PER_LONG (__SIZEOF_LONG__ * 8)
#define __BITS_PER_LONG BITS_PER_LONG
#define BITS_PER_LONG_LONG 64
#define BITS_PER_TYPE(type) (sizeof(type) * BITS_PER_BYTE)
#define BYTES_TO_BITS(bytes) ((bytes) * BITS_PER_BYTE)
#define BITS_TO_LONGS(bits) DIV_ROUND_UP(bits, BITS_PER_LONG)
#define BITS_TO_U64(bits) DIV_ROUND_UP(bits, 64)
#define BITS_TO_U32(bits) DIV_ROUND_UP(bits, 32)
#define BITS_TO_BYTES(bits) DIV_ROUND_UP(bits, 8)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define _BITUL(n) (1UL << (n))
#define _BITULL(n) (1ULL << (n))
#define BIT_MASK(n) (1UL << ((n) % BITS_PER_LONG))
#define BIT_WORD(n) ((n) / BITS_PER_LONG)
#define GENMASK(high, low) ((~0UL << (low)) & (~0UL >> (BITS_PER_LONG - 1 - (high))))
#define GENMASK_ULL(high, low) ((~0ULL << (low)) & (~0ULL >> (63 - (high))))
#define __GENMASK(high, low) GENMASK(high, low)
#define DIV_ROUND_UP(n, by) (((n) + (by) - 1) / (by))
#define DIV_ROUND_UP_ULL(n, by) DIV_ROUND_UP((u64)(n), by)
#define DIV_ROUND_CLOSEST(n, by) (((n) + (by) / 2) / (by))
#define roundup(n, by) (DIV_ROUND_UP(n, by) * (by))
#define rounddown(n, by) ((n) / (by) * (by))
#define ALIGN(n, to) (((n) + ((__typeof__(n))(to) - 1)) & ~((__typeof__(n))(to) - 1))
#define ALIGN_DOWN(n, to) ((n) & ~((__typeof__(n))(to) - 1))
#define __ALIGN_KERNEL(n, to) ALIGN(n, to)
#define round_up(n, to) ALIGN(n, to)
#define round_down(n, to) ALIGN_DOWN(n, to)
#define IS_ALIGNED(n, to) (((n) & ((__typeof__(n))(to) - 1)) == 0)
#define const_ilog2(n) (63 - __builtin_clzll(n))
#define ilog2(n) const_ilog2(n)
#define is_power_of_2(n) ((n) != 0 && ((n) & ((n) - 1)) == 0)
#define roundup_pow_of_two(n) ((n) < 2 ? 1ULL : 1ULL << (64 - __builtin_clzll((n) - 1)))
#define rounddown_pow_of_two(n) (1ULL << const_ilog2(n))
#define order_base_2(n) ((n) < 2 ? 0 : 64 - __builtin_clzll((n) - 1))
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define MIN(a, b) min(a, b)
#define MAX(a, b) max(a, b)
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define offsetof(type, member) __builtin_offsetof(type, member)
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define offsetofend(type, member) (offsetof(type, member) + sizeof_field(type, member))
#define struct_group(name, ...) union { struct { __VA_ARGS__ }; struct { __VA_ARGS__ } name; }
#define struct_group_tagged(tag, name, ...) union { struct { __VA_ARGS__ }; struct tag { __VA_ARGS__ } name; }
#define struct_group_attr(name, attrs, ...) union { struct { __VA_ARGS__ } attrs; struct { __VA_ARGS__ } attrs name; }
#define __struct_group(tag, name, attrs, ...) union { struct { __VA_ARGS__ } attrs; struct tag { __VA_ARGS__ } attrs name; }
#define DECLARE_FLEX_ARRAY(type, name) struct { struct { } __empty_##name; type name[]; }
#define __DECLARE_FLEX_ARRAY(type, name) DECLARE_FLEX_ARRAY(type, name)
#define static_assert(...) KHO_ABI_ASSERT(__VA_ARGS__, #__VA_ARGS__, 0)
#define KHO_ABI_ASSERT(condition, message, ...) _Static_assert(condition, message)
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define BUILD_BUG_ON_ZERO(condition) ((int)sizeof(struct { int : (-!!(condition)); }))

#define PAGE_SHIFT KHO_ABI_PAGE_SHIFT
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(n) ALIGN(n, PAGE_SIZE)
#define PFN_PHYS(n) ((phys_addr_t)(n) << PAGE_SHIFT)
#define PHYS_PFN(n) ((unsigned long)((n) >> PAGE_SHIFT))
#define get_order(n) ((n) <= PAGE_SIZE ? 0 : 64 - __builtin_clzll(((u64)(n) - 1) >> PAGE_SHIFT))

#define U8_MAX ((u8)~0U)
#define U16_MAX ((u16)~0U)
#define U32_MAX ((u32)~0U)
#define U64_MAX ((u64)~0ULL)
#define S32_MAX ((s32)(U32_MAX >> 1))
#define S64_MAX ((s64)(U64_MAX >> 1))
#define INT_MAX S32_MAX
#define UINT_MAX (~0U)
#define LONG_MAX ((long)(~0UL >> 1))
#define ULONG_MAX (~0UL)
#define ULLONG_MAX (~0ULL)
#define SIZE_MAX (~(size_t)0)
#define PHYS_ADDR_MAX (~(phys_addr_t)0)
#define SZ_1K 0x400
#define SZ_2K 0x800
#define SZ_4K 0x1000
#define SZ_8K 0x2000
#define SZ_16K 0x4000
#define SZ_32K 0x8000
#define SZ_64K 0x10000
#define SZ_1M 0x100000
#define SZ_2M 0x200000
#define SZ_4M 0x400000
#define SZ_1G 0x40000000
#define SZ_2G 0x80000000
#define SZ_4G 0x100000000ULL

#define __NEW_UTS_LEN 64
#define F_SEAL_SEAL 0x01
#define F_SEAL_SHRINK 0x02
#define F_SEAL_GROW 0x04
#define F_SEAL_WRITE 0x08
#define F_SEAL_FUTURE_WRITE 0x10
#define F_SEAL_EXEC 0x20

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __LITTLE_ENDIAN 1234
#define __LITTLE_ENDIAN_BITFIELD
#define KHO_ABI_TO_LE(bits, n) ((u##bits)(n))
#define KHO_ABI_TO_BE(bits, n) __builtin_bswap##bits(n)
#else
#define __BIG_ENDIAN 4321
#define __BIG_ENDIAN_BITFIELD
#define CONFIG_CPU_BIG_ENDIAN 1
#define KHO_ABI_TO_LE(bits, n) __builtin_bswap##bits(n)
#define KHO_ABI_TO_BE(bits, n) ((u##bits)(n))
#endif
#define cpu_to_le16(n) KHO_ABI_TO_LE(16, n)
#define cpu_to_le32(n) KHO_ABI_TO_LE(32, n)
#define cpu_to_le64(n) KHO_ABI_TO_LE(64, n)
#define cpu_to_be16(n) KHO_ABI_TO_BE(16, n)
#define cpu_to_be32(n) KHO_ABI_TO_BE(32, n)
#define cpu_to_be64(n) KHO_ABI_TO_BE(64, n)

#define CONFIG_64BIT 1
#define CONFIG_PHYS_ADDR_T_64BIT 1
#define CONFIG_PAGE_SHIFT KHO_ABI_PAGE_SHIFT
#if KHO_ABI_PAGE_SHIFT == 12
#define CONFIG_PAGE_SIZE_4KB 1
#define CONFIG_ARM64_4K_PAGES 1
#elif KHO_ABI_PAGE_SHIFT == 14
#define CONFIG_PAGE_SIZE_16KB 1
#define CONFIG_ARM64_16K_PAGES 1
#else
#define CONFIG_PAGE_SIZE_64KB 1
#define CONFIG_ARM64_64K_PAGES 1
#endif
#define IS_ENABLED(option) KHO_ABI_ON(option)
#define IS_BUILTIN(option) KHO_ABI_ON(option)
#define IS_REACHABLE(option) KHO_ABI_ON(option)
#define IS_MODULE(option) 0
#define KHO_ABI_ON(value) KHO_ABI_ON_2(value)
#define KHO_ABI_ON_2(value) KHO_ABI_ON_3(KHO_ABI_COMMA_##value)
#define KHO_ABI_ON_3(junk) KHO_ABI_SECOND(junk 1, 0, 0)
#define KHO_ABI_SECOND(first, second, ...) second
#define KHO_ABI_COMMA_1 0,
`;
