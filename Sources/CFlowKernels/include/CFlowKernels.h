// SPDX-License-Identifier: Apache-2.0
//
// The kernels of a step, and the work queue that ranks take tiles from.
//
// Every kernel exists for several instruction sets, compiled from one source, and gives the same bits on each: outputs
// lie in vector lanes, the inner dimension is summed in one order with written-down fused multiply-adds, and every
// reduction has one fixed lane structure. So a result depends neither on the machine's path nor on how many vectors,
// rows or ranks shared the work. Pointers are aligned as their type needs unless more is said; sizes are in numbers.
#ifndef CFLOWKERNELS_H
#define CFLOWKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- Instruction set paths -------------------------------------------------------------------------------------

/// An instruction set that the kernels are compiled for.
typedef enum flow_path { FLOW_PATH_PORTABLE = 0, FLOW_PATH_AVX2 = 1, FLOW_PATH_AVX512 = 2 } flow_path;

/// Whether this machine can run a path.
bool flow_path_available(flow_path path);

/// The path that the calling thread's kernels run on: the widest available one unless another is forced.
flow_path flow_path_active(void);

/// A path's name: "portable", "avx2" or "avx512".
const char *flow_path_name(flow_path path);

/// Chooses a path for the whole process in place of the widest one, before any kernel runs. Returns false, and changes
/// nothing, where the machine lacks it. For measurements.
bool flow_path_choose(flow_path path);

/// Forces a path for the calling thread alone, or with a negative number ends that. Returns false, and changes
/// nothing, where the machine lacks the path. For tests.
bool flow_path_force(int path);

/// Gives the calling thread the floating-point state that all ranks share: round to nearest, subnormals kept.
void flow_float_state_reset(void);

// ---- Matrices ---------------------------------------------------------------------------------------------------

/// How the numbers of a panel are stored. The first three are floats and are multiplied with floats; from
/// FLOW_NUMBER_INT8 on they are quantised and are multiplied with quantised vectors.
typedef enum flow_number {
    FLOW_NUMBER_F32 = 0,
    FLOW_NUMBER_F16 = 1,
    FLOW_NUMBER_BF16 = 2,
    FLOW_NUMBER_INT8 = 3,        ///< blocks of 32 columns, a scale each
    FLOW_NUMBER_INT4 = 4,        ///< blocks of 32 columns, a scale each
    FLOW_NUMBER_INT4_SCALED = 5, ///< groups of 256 columns with scale and minimum, which each 32 columns scale again
    FLOW_NUMBER_INT6_SCALED = 6, ///< groups of 256 columns with a scale, which each 16 columns scale again
    FLOW_NUMBER_INT4_MINIMA = 7, ///< blocks of 32 columns, a scale and a minimum each
    FLOW_NUMBER_INT6_MINIMA = 8, ///< the same with 6 bits
    FLOW_NUMBER_INT6_SCALED_MINIMA = 9, ///< as FLOW_NUMBER_INT4_SCALED, with 6 bits
    FLOW_NUMBER_INT2_SCALED = 10,       ///< groups of 256 with scale and minimum, which each 16 columns scale again
    FLOW_NUMBER_CODEBOOK = 11,          ///< blocks of 32 columns, a scale each; nibbles choose from 16 fixed numbers
    FLOW_NUMBER_CODEBOOK_SCALED = 12,   ///< the same in groups of 256 with a scale, which each 32 columns scale again
} flow_number;

/// A matrix in panels of 32 rows (outputs). Floats: panel p holds for each k in 0..<columns the 32 numbers of its rows.
/// Quantised: block after block of columns, as panel_blocks.h says.
typedef struct flow_matrix {
    const void *panels; ///< aligned to 64 bytes
    size_t columns;     ///< the inner dimension; a multiple of 32, or with groups of 256
    flow_number number;
} flow_matrix;

/// Bytes of one panel.
size_t flow_panel_bytes(const flow_matrix *matrix);

/// Whether a matrix is multiplied with quantised vectors (flow_quantised_product), else with floats.
bool flow_is_quantised(const flow_matrix *matrix);

/// y[v][r] = sum over k of w[r][k] * x[v][k], or with `add` y[v][r] += that sum, for the 32 rows of each panel in
/// first_panel ..< last_panel and all vectors. x: [vectors][columns] with x_stride, y: [vectors][rows] with y_stride,
/// which must have room for whole panels. Each sum runs over ascending k, one fused multiply-add per term.
void flow_matrix_product(
    const flow_matrix *matrix, size_t first_panel, size_t last_panel, const float *x, size_t x_stride, size_t vectors,
    float *y, size_t y_stride, bool add);

/// y[i] = x[i] rounded to the nearest BF16, ties to even: the error is at most 2^-9 of the number.
void flow_brain_from_float(const float *x, size_t count, uint16_t *y);

/// flow_matrix_product for a BF16 matrix and BF16 vectors, as those are rounded that would otherwise need twice the
/// arithmetic: each sum runs over ascending pairs of k, with one fused multiply-add for k + 1 and then one for k.
/// x_stride is even.
void flow_brain_product(
    const flow_matrix *matrix, size_t first_panel, size_t last_panel, const uint16_t *x, size_t x_stride,
    size_t vectors, float *y, size_t y_stride, bool add);

/// Numbers of a quantised vector that share a scale.
#define FLOW_BLOCK_NUMBERS 32

/// 32 neighbouring numbers of a vector, each about scale * numbers[i].
typedef struct flow_block {
    float scale;               ///< the largest magnitude / 127
    float scaled_sum;          ///< scale * the sum of the numbers
    int32_t minus_sum;         ///< minus the sum of the numbers
    int16_t minus_half_sum[2]; ///< the same for each half
    int8_t numbers[32];        ///< -127 ... 127
} flow_block;

/// Quantises count numbers, a multiple of 32, into count / 32 blocks: each number to the nearest multiple of its
/// block's scale, ties to even, so the error of a number is at most 1/254 of the block's largest magnitude (and a
/// rounding). A block whose magnitudes are all below 2^-100 becomes zeros; one with a number that is not finite gets a
/// scale that is not a number. A block's result depends on its 32 numbers alone.
void flow_quantise(const float *x, size_t count, flow_block *blocks);

/// flow_matrix_product for a quantised matrix: y[v][r] = sum over blocks of 32 columns, in order, of the exact integer
/// dot times both scales, one fused multiply-add per block (per 16 columns where these have scales), then
/// one for each of the block's minima.
/// x: [vectors][columns / 32], x_stride in blocks. `next` is the panel of any matrix of the same shape that this thread
/// probably multiplies afterwards: memory is asked for it meanwhile; NULL: the one behind the last.
void flow_quantised_product(
    const flow_matrix *matrix, size_t first_panel, size_t last_panel, const void *next, const flow_block *x,
    size_t x_stride, size_t vectors, float *y, size_t y_stride, bool add);

/// y[k] = w[row][k]: one row of a matrix of any kind, such as a token's embedding.
void flow_matrix_row(const flow_matrix *matrix, size_t row, float *y);

// ---- Vectors ----------------------------------------------------------------------------------------------------

/// y[i] = x[i] / sqrt(mean(x^2) + epsilon) * weight[i]; y may be x.
void flow_norm(const float *x, const float *weight, size_t count, float epsilon, float *y);

/// y[i] = (x[i] - mean(x)) / sqrt(variance(x) + epsilon) * weight[i] + bias[i]; y may be x.
void flow_centred_norm(
    const float *x, const float *weight, const float *bias, size_t count, float epsilon, float *y);

/// The curve between the matrices of a feed-forward layer.
typedef enum flow_activation {
    FLOW_ACTIVATION_SILU = 0,      ///< x * sigmoid(x)
    FLOW_ACTIVATION_GELU_TANH = 1, ///< x times the normal distribution, approximated by a hyperbolic tangent
    FLOW_ACTIVATION_GELU = 2,      ///< x times the normal distribution
} flow_activation;

/// gate[i] = curve(gate[i]) * up[i], or without `up` the curve alone.
void flow_activate(flow_activation kind, float *gate, const float *up, size_t count);

/// x[i] = bound * tanh(x[i] / bound).
void flow_keep_bounded(float *x, float bound, size_t count);

/// gate[i] = gate[i] * sigmoid(gate[i]) * up[i].
void flow_swiglu(float *gate, const float *up, size_t count);

/// y[i] = e^x[i] with a relative error under 2e-7; 0 below -87, e^88 above 88. y may be x.
void flow_exponential(const float *x, size_t count, float *y);

/// y[i] = x[i] rounded to the nearest half, ties to even, or widened from it.
void flow_half_from_float(const float *x, size_t count, uint16_t *y);
void flow_float_from_half(const uint16_t *x, size_t count, float *y);

// ---- Rotary embedding -------------------------------------------------------------------------------------------

/// Positions are split into a high and a low part so that the tables stay small for long contexts.
#define FLOW_ROPE_LOW_BITS 8

/// Cosines and sines of both parts of a position, made once in double precision.
typedef struct flow_rope {
    const double *low;  ///< [256][pairs][2]: cosine and sine of position * frequency
    const double *high; ///< [n][pairs][2]: the same for position = 256 * index
    size_t pairs;
} flow_rope;

/// out: [pairs][2], cosine and sine for one position, from the tables by the addition theorem, rounded once.
void flow_rope_angles(const flow_rope *rope, size_t position, float *out);

/// Rotates the adjacent pairs (x[2i], x[2i + 1]) of one head, i < pairs, by cosines and sines [pairs][2].
void flow_rope_adjacent(float *x, const float *cosines_sines, size_t pairs);

/// The same for the pairs (x[i], x[pairs + i]): the first half of the rotated numbers with the second.
void flow_rope_halves(float *x, const float *cosines_sines, size_t pairs);

/// x[i] += y[i]; the vectors do not overlap.
void flow_add(float *x, const float *y, size_t count);

/// x[i] += factor * y[i], rounded after the product and after the sum; likewise.
void flow_add_scaled(float *x, const float *y, float factor, size_t count);

/// x[i] *= factor.
void flow_scale(float *x, float factor, size_t count);

// ---- Key and value memory, attention ----------------------------------------------------------------------------

/// Tokens in a block of key and value memory.
#define FLOW_BLOCK_TOKENS 32

/// Most query vectors of one call of flow_attend, and the largest head.
#define FLOW_ATTEND_QUERIES 8
#define FLOW_ATTEND_HEAD_SIZE 1024

/// One head of keys and values of one sequence. In each block the head has, from head_offset on, keys [head_size][32]
/// and values [32][head_size rounded up to 16], all of one kind of number. As signed bytes both are followed by their
/// scales, halves, [groups of 32 components][32 tokens], and keys are rounded up to 16 components too.
typedef struct flow_attention {
    uint8_t *memory;       ///< aligned to 64 bytes
    size_t block_bytes;    ///< from one physical block to the next
    size_t head_offset;    ///< of the layer and head inside a block
    const int32_t *blocks; ///< physical numbers of the sequence's blocks
    size_t head_size;      ///< 1 ... FLOW_ATTEND_HEAD_SIZE
    float scale;           ///< factor of the scores
    float bound;           ///< scores stay within it: bound * tanh(score / bound); 0 = they are free
    size_t window;         ///< a query sees so many tokens before its length; 0 = all
    flow_number number;    ///< FLOW_NUMBER_F16, FLOW_NUMBER_F32, or FLOW_NUMBER_INT8 with a scale for 32 numbers
} flow_attention;

/// Writes key and value ([head_size] each) of the sequence's token at a position.
void flow_store(const flow_attention *head, size_t position, const float *key, const float *value);

/// outputs[q] = softmax(queries[q] . keys * scale) . values over the tokens before lengths[q] (at least 1) and within
/// the window, for up to FLOW_ATTEND_QUERIES vectors of [head_size]. Blocks are walked in their order with a running
/// maximum, so a result does not depend on what else is in the call.
void flow_attend(
    const flow_attention *head, size_t count, const float *const *queries, const size_t *lengths,
    float *const *outputs);

// ---- Choosing tokens --------------------------------------------------------------------------------------------

/// The index of the largest number, the lowest one of equals; numbers that are not a number never win.
size_t flow_largest(const float *x, size_t count);

/// How an index is drawn from logits, in this order. Each rule acts on the probabilities that the one before left; ties
/// go to the lowest indices.
typedef struct flow_choice {
    /// Logits are divided by it; with 0 the largest one is taken.
    float temperature;
    /// Only the `top` largest; 0 = all.
    size_t top;
    /// Only the most likely ones until their probabilities reach `top_p`, at least one; 1 = all.
    float top_p;
    /// Only those with at least this part of the largest probability; 0 = all.
    float min_p;
    /// Only those whose information -log p is nearest to the expected one, until their probabilities reach it; 1 = all.
    float typical_p;
    /// In [0, 1): where in the sum of the probabilities the draw falls.
    double uniform;
} flow_choice;

/// Draws an index with the probabilities softmax(logits / temperature) among those that the rules leave. The logits are
/// overwritten by weights. `scratch` has room for `count` numbers where typical_p is less than 1; NULL is enough
/// elsewhere.
size_t flow_sample(float *logits, float *scratch, size_t count, const flow_choice *choice);

/// log(sum(e^x[i])), in blocks of fixed order; what is not a number counts as nothing.
double flow_log_sum(const float *x, size_t count);

/// A number in [0, 1) that depends on seed and index alone (Philox 4x32-10, 53 bits).
double flow_uniform(uint64_t seed, uint64_t index);

// ---- What the machine can do --------------------------------------------------------------------------------------

/// Reads count bytes, a multiple of 512, once and does nothing else with them. Returns a checksum, so that the reading
/// cannot be left out.
uint64_t flow_read(const void *memory, size_t count);

/// Numbers of products of two bytes, or of two floats, in a round of the loops below.
#define FLOW_ROUND_PRODUCTS 1024
#define FLOW_ROUND_FLOAT_PRODUCTS 256

/// Multiplies and adds in registers alone, with the instructions that no kernel of the path can do without: bytes added in
/// 32 bits; bytes of which one has at most four bits, added in 16 bits where that is quicker; floats. Returns a checksum.
int32_t flow_multiply_bytes(size_t rounds);
int32_t flow_multiply_nibbles(size_t rounds);
float flow_multiply_floats(size_t rounds);

// ---- Taking tiles ----------------------------------------------------------------------------------------------

/// Shared state of ranks that take the tiles of one operation after another.
typedef struct flow_work_queue flow_work_queue;

/// Most tiles of one operation, and most ranks.
#define FLOW_WORK_QUEUE_TILES 32767
#define FLOW_WORK_QUEUE_RANKS 1024

/// A tile that a rank took, or none.
typedef struct flow_take {
    uint32_t generation; ///< counts the operations published so far
    uint32_t tile;
    bool taken;  ///< false: all tiles of the generation are given away, or it is a rest
    bool closed; ///< no generation follows
} flow_take;

/// A work queue at rest in generation 0 for 1 ..< FLOW_WORK_QUEUE_RANKS + 1 ranks; NULL without memory.
flow_work_queue *flow_work_queue_create(uint32_t ranks);
void flow_work_queue_destroy(flow_work_queue *queue);

/// Opens the next generation with some tiles; 0 = a rest, in which nothing can be taken. Wakes ranks that sleep. Only
/// for the one that finished the last tile, or while the queue is at rest. All that was written before is seen by
/// whoever takes a tile. Returns the generation.
uint32_t flow_work_queue_publish(flow_work_queue *queue, uint32_t tiles);

/// Ends the queue that is at rest: wakes all, and takes say that it is closed.
void flow_work_queue_close(flow_work_queue *queue);

/// Takes the next tile of the present generation.
flow_take flow_work_queue_take(flow_work_queue *queue);

/// Says that a taken tile is done; true for the last of its generation, who must publish the next one.
bool flow_work_queue_finish(flow_work_queue *queue);

/// Waits until the generation is another one for some microseconds, spinning; whether it is. The other one sleeps until
/// it is, without using the processor.
bool flow_work_queue_spin(flow_work_queue *queue, uint32_t generation, uint32_t spin_microseconds);
void flow_work_queue_sleep(flow_work_queue *queue, uint32_t generation);

/// Says that a rank begins with a tile that it took and that another rank may back up: until it is confirmed the
/// rank writes nothing that others read.
void flow_work_queue_claim(flow_work_queue *queue, uint32_t rank, flow_take take);

/// The rank has computed the tile that it claimed. True: its result counts: it delivers it and finishes the tile.
/// False: another rank was faster, and this one drops its result.
bool flow_work_queue_confirm(flow_work_queue *queue, uint32_t rank);

/// Backup execution: a tile of the generation that a rank has claimed and not confirmed and that nobody backs up, if
/// any. The caller computes it too from now on; `rank` is the rank that claimed it.
flow_take flow_work_queue_back_up(flow_work_queue *queue, uint32_t generation, uint32_t *rank);

/// The caller has computed a tile of `rank` too. The result means the same as that of `flow_work_queue_confirm`.
bool flow_work_queue_confirm_backup(flow_work_queue *queue, uint32_t rank, flow_take take);

/// Waits until no rank computes a tile that is finished: spins for some microseconds, then sleeps. Before that what
/// tiles are computed from must stay where it is, though it may hold other numbers. For a queue at rest, and one
/// thread.
void flow_work_queue_quiesce(flow_work_queue *queue, uint32_t spin_microseconds);

/// The present generation.
uint32_t flow_work_queue_generation(flow_work_queue *queue);

/// A number that changes whenever a tile is taken or an operation published; from any thread.
uint64_t flow_work_queue_progress(flow_work_queue *queue);

#endif
