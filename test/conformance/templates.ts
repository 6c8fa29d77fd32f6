/** A template, the identity that fills it, and the expected outcome. */
export type TemplateRow = {
  readonly template: string
  /** Default `alice@example.com`. */
  readonly sessionName?: string
  readonly ec2PrivateDnsName?: string
} & ({ readonly filled: string } | { readonly fault: true } | { readonly needsInstance: string })

/** The rest of the identity. */
export const templateIdentity = { accountId: '012345678901', accessKeyId: 'ASIAIOSFODNN7EXAMPLE' } as const

const EC2 = '{{EC2PrivateDNSName}}'
const INSTANCE = 'i-0123456789abcdef0'

export const templates: readonly TemplateRow[] = [
  { template: '', filled: '' },
  { template: 'admin', filled: 'admin' },
  { template: '{{AccountID}}', filled: '012345678901' },
  { template: '{{SessionName}}', filled: 'alice-example.com' },
  { template: '{{SessionNameRaw}}', filled: 'alice@example.com' },
  { template: '{{AccessKeyID}}', filled: 'ASIAIOSFODNN7EXAMPLE' },
  { template: 'aws:{{AccountID}}:instance:{{SessionName}}', filled: 'aws:012345678901:instance:alice-example.com' },
  { template: '{{AccountID}}{{AccountID}}', filled: '012345678901012345678901' },
  { template: '{{SessionName}}', sessionName: '', filled: '' },
  { template: '{{SessionName}}', sessionName: '@@', filled: '--' },
  { template: '{{SessionName}}', sessionName: 'a,b=c+d.e_f', filled: 'a,b=c+d.e_f' },
  // A value is never expanded again, nor used as a replacement pattern.
  { template: '{{SessionName}}', sessionName: '{{AccessKeyID}}', filled: '{{AccessKeyID}}' },
  { template: '{{SessionNameRaw}}', sessionName: '{{SessionNameRaw}}', filled: '{{SessionNameRaw}}' },
  { template: '{{SessionName}}{{AccountID}}', sessionName: '{{', filled: '{{012345678901' },
  { template: '{{SessionName}}AccountID}}', sessionName: '{{', filled: '{{AccountID}}' },
  { template: '{{{{SessionName}}}}', sessionName: 'AccessKeyID', filled: '{{AccessKeyID}}' },
  { template: 'x{{SessionName}}', sessionName: "$&$1$`$'$$", filled: "x$&$1$`$'$$" },
  { template: '{{SessionName}}', sessionName: 'system:masters', filled: 'system:masters' },
  // Text that is not a template stays.
  { template: '{{sessionname}}', filled: '{{sessionname}}' },
  { template: '{{ SessionName }}', filled: '{{ SessionName }}' },
  { template: '{SessionName}', filled: '{SessionName}' },
  { template: '{{SessionName}', filled: '{{SessionName}' },
  { template: '{{}}', filled: '{{}}' },
  { template: '{{constructor}}', filled: '{{constructor}}' },
  { template: '{{__proto__}}', filled: '{{__proto__}}' },
  { template: '{{SessionName}}{{Unknown}}', sessionName: 'a', filled: 'a{{Unknown}}' },
  // The name of an EC2 instance.
  { template: EC2, sessionName: INSTANCE, needsInstance: INSTANCE },
  { template: EC2, sessionName: 'i-01234567', needsInstance: 'i-01234567' },
  {
    template: `system:node:${EC2}`,
    sessionName: INSTANCE,
    ec2PrivateDnsName: 'ip-10-0-0-1.ec2.internal',
    filled: 'system:node:ip-10-0-0-1.ec2.internal',
  },
  { template: EC2, sessionName: INSTANCE, ec2PrivateDnsName: '{{AccessKeyID}}', filled: '{{AccessKeyID}}' },
  { template: EC2, sessionName: 'alice', fault: true },
  { template: EC2, sessionName: '', fault: true },
  { template: EC2, sessionName: 'i-0123456', fault: true },
  { template: EC2, sessionName: 'i-012345678', fault: true },
  { template: EC2, sessionName: 'i-0123456789abcdef01', fault: true },
  { template: EC2, sessionName: `x${INSTANCE}`, fault: true },
  { template: EC2, sessionName: `${INSTANCE}\n`, fault: true },
  { template: EC2, sessionName: 'I-01234567', fault: true },
  { template: EC2, sessionName: 'i-0123.567', fault: true },
  // The answer of EC2 cannot replace an invalid instance id.
  { template: EC2, sessionName: 'alice', ec2PrivateDnsName: 'ip-10-0-0-1.ec2.internal', fault: true },
]
