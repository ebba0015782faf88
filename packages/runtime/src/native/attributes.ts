import type { NativeBinding, OperationAttribute } from './backend.js'

/** Attribute that says that an operation works on 32-bit floats. @internal */
export const floatType = (binding: NativeBinding, name: string): OperationAttribute => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT })

/** Attribute that says that an operation takes 32-bit integers. @internal */
export const integerType = (binding: NativeBinding, name: string): OperationAttribute => ({ name, type: binding.TF_ATTR_TYPE, value: binding.TF_INT32 })

/** Attribute with text. @internal */
export const text = (binding: NativeBinding, name: string, value: string): OperationAttribute => ({ name, type: binding.TF_ATTR_STRING, value })

/** Attribute with whole numbers. @internal */
export const integers = (binding: NativeBinding, name: string, value: readonly number[]): OperationAttribute => ({
  name,
  type: binding.TF_ATTR_INT,
  value,
})

/** Attribute with a whole number. @internal */
export const integer = (binding: NativeBinding, name: string, value: number): OperationAttribute => ({ name, type: binding.TF_ATTR_INT, value })

/** Attribute with a number. @internal */
export const float = (binding: NativeBinding, name: string, value: number): OperationAttribute => ({ name, type: binding.TF_ATTR_FLOAT, value })

/** Attribute that is true or false. @internal */
export const flag = (binding: NativeBinding, name: string, value: boolean): OperationAttribute => ({ name, type: binding.TF_ATTR_BOOL, value })
